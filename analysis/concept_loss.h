#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/estimate.h"
#include "analysis/folds.h"

namespace palimpsest::analysis {

// How much worse a concept is read from features after further training. Examples are halved again and again; a linear
// probe (analysis/probe.h) that is trained on one half ranks the other, both ways. The area of a feature set is the
// mean area under the ROC curve over both halves of all repeats; all sets are cut into the same halves. The areas' cost
// C is one for all sets: of kProbeCosts that with the largest mean area in the first repeats.
//
// No subject is in both halves. Where subjects are not known, or fewer than 2 show the concept, halves are of examples.
struct ConceptLossOptions {
  int repeats = 20;
  std::uint64_t seed = 1;
  // Several runs of one training against what it started from: sets by number.
  struct Runs {
    int before = 0;
    std::vector<int> after;  // at least one
  };
  std::vector<Runs> compared;
};

// Area before minus the runs' mean area after. Its variance has two parts: that of the images, Nadeau and Bengio's over
// the differences of the halves (test/train = 1), and the runs', run_variance / runs. With one run only the first.
struct ConceptLoss {
  double before = 0, after = 0;  // areas
  int runs = 0;
  double image_variance = 0, run_variance = 0;
  Estimate loss;
};

struct ConceptLosses {
  FoldKind halves = FoldKind::grouped;  // or stratified
  int images = 0, positives = 0, repeats = 0;
  double c = 0;
  std::vector<double> areas;        // of the sets
  std::vector<ConceptLoss> losses;  // as ConceptLossOptions::compared
};

// sets: features of the same examples, in coordinates for probes (ProbeFeatures), examples x coordinates. labels: 0 or
// 1 for each example. groups: the subject of each example, or empty. Deterministic: the same for any number of threads.
// requires: at least one set, 2 repeats, and 2 examples of each label; all lengths equal
ConceptLosses concept_losses(std::span<const Eigen::MatrixXd> sets, std::span<const std::int64_t> labels,
                             std::span<const std::int64_t> groups, const ConceptLossOptions& options);

}  // namespace palimpsest::analysis
