#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"

// What linear probes (analysis/probe.h) read from features that they were not trained on: by halves, each of which
// trains once and is scored once. Features are centred on their mean in the training half, and the cost of a probe is
// the best of kProbeCosts by cross-validation there.
namespace palimpsest::analysis {

// Features of n examples, rows of `columns`.
struct FeatureRows {
  std::span<const float> values;
  int columns = 0;
  std::string name;  // for messages
};

// 0 or 1 for every example. No group (subject) is in both halves, and each class is in them as evenly as whole groups
// allow: groups in random order, each to the half with fewer examples of its most frequent class, then with fewer
// examples; ties are tossed. With a group for each example a class differs by at most one.
std::vector<std::uint8_t> class_halves(std::span<const int> labels, std::span<const std::int64_t> groups,
                                       Random random);

// The area under the ROC curve of each class against all others, mean of the two halves. NaN for a class that a half
// lacks, or that is all of it, and where features do not vary.
std::vector<double> probe_areas(const FeatureRows& x, std::span<const int> labels, int classes,
                                std::span<const std::uint8_t> halves, std::uint64_t seed);

// Is a concept that could be read before still there? Areas under the ROC curve, means of the two halves:
//   before     a probe trained and scored on the features before
//   unchanged  the same probe, its direction and scale unchanged, on the features after
//   refitted   a probe trained on the features after
// A concept that is lost has a low `refitted`; one that has only moved has a low `unchanged` but not `refitted`.
struct ConceptReading {
  double before = 0, unchanged = 0, refitted = 0;
};
// labels: 0 or 1. NaN as in probe_areas. requires: both sets have the same examples and columns
ConceptReading read_concept(const FeatureRows& before, const FeatureRows& after, std::span<const int> labels,
                            std::span<const std::uint8_t> halves, std::uint64_t seed);

}  // namespace palimpsest::analysis
