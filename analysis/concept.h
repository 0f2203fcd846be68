#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/concept_loss.h"
#include "analysis/folds.h"
#include "analysis/gram.h"
#include "analysis/significance.h"

namespace palimpsest::analysis {

// Is a concept (an action unit) still linearly decodable from the features of one model, and better than from those of
// another? The test of Prajod et al. (arXiv 2104.07389, "Concept test"): per feature set a linear SVM, 2-fold
// cross-validation, repeated over random folds; F1 of the concept, mean of the two folds; a paired t-test over the
// repeats. In every repeat all feature sets are cut into the same folds.
struct ConceptOptions {
  int repeats = 500;
  double c = 1;             // of the C-SVC; results are sensitive to it: with other features than VGG's try 0.001
  double tolerance = 1e-3;  // LIBSVM's stopping criterion (its default)
  FoldKind folds = FoldKind::stratified;
  bool grouped_beside = true;  // also with subject-grouped folds, if groups are given
  std::uint64_t seed = 1;
  int bootstrap_draws = 2000;
  // The feature sets to compare, by number. Differences are always first minus second. Empty: the first set against
  // every further one, (0, 1), (0, 2), ... The study writes B0 minus B5, so it gives B0 first.
  std::vector<std::pair<int, int>> pairs;
  int grouped_repeats = 0;               // of the subject-grouped folds; 0: as many as `repeats`
  std::string labels_file, groups_file;  // for messages
};

struct SetResult {
  std::string file;                 // the Gram's name
  std::vector<double> f1, auc;      // one per repeat, mean of the two folds
  double f1_mean = 0, f1_sd = 0;    // over the repeats (sd with divisor n - 1)
  double auc_mean = 0, auc_sd = 0;  // area under the ROC curve of the SVM's decision values
  std::int64_t undefined_f1 = 0;    // folds where precision or recall is 0/0; their F1 counts as 0
};

struct PairResult {
  int first = 0, second = 0;  // numbers of the sets
  TTest paired_t;     // the paper's: over the repeats, df = repeats - 1. Overstates: repeats are not independent
  TTest corrected_t;  // Nadeau and Bengio's, over the 2 x repeats fold differences, test/train = 1
  // Mean F1 difference with the 95 % percentile interval over subjects (over images without groups):
  // subjects are drawn with replacement and every fold's F1 is recomputed from its out-of-fold predictions. The SVMs
  // are not retrained, so this is the uncertainty from the test subjects, not from the training subjects.
  MeanInterval effect;
  double auc_difference = 0;
};

// The results for one kind of folds.
struct ConceptScheme {
  FoldKind folds = FoldKind::stratified;
  std::vector<SetResult> sets;
  std::vector<PairResult> pairs;
  std::int64_t undefined_f1 = 0;  // over all sets
};

struct ConceptResult {
  ConceptOptions options;
  int images = 0, positives = 0, subjects = 0;  // subjects: 0 without groups
  bool standardised = false;
  ConceptScheme main;
  std::optional<ConceptScheme> grouped;  // absent without groups, or if fewer than 2 subjects show the concept
};

// sets: Gram matrices of the same images in the same order, at least one. labels: 0 or 1 for each image. groups:
// subject of each image, or empty. Deterministic: the same for any number of threads. Throws Error when lengths differ,
// a class has fewer than 2 images, repeats < 2, C <= 0, a pair names no set, or grouped folds are
// asked for without two subjects that show the concept.
ConceptResult concept_test(std::span<const Gram> sets, std::span<const std::int64_t> labels,
                           std::span<const std::int64_t> groups, const ConceptOptions& options);

// concept.json: repeats, sets [file, f1_mean, f1_sd, ...], paired_t, corrected_t, effect (of the first pair; all in
// `pairs`), undefined_f1, the options, `grouped` with the same keys, and `probes` with what ConceptLosses has.
// `with_repeats` adds the F1s of every repeat. An infinite t (all differences equal) is written as null.
std::string concept_json(const ConceptResult& result, const ConceptLosses& probes, bool with_repeats = false);

}  // namespace palimpsest::analysis
