#pragma once
// Internals of the concept test: the predictions of all repeats' SVMs, and the bootstrap over subjects.
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "analysis/bootstrap.h"
#include "analysis/concept.h"

namespace palimpsest::analysis {

struct FoldScore {
  double f1 = 0, auc = 0;
  bool undefined = false;  // precision or recall is 0/0
};

// One repeat: the folds, and for every feature set the out-of-fold prediction for each image.
struct ConceptRepeat {
  std::vector<std::uint8_t> fold;                    // images
  std::vector<std::vector<std::uint8_t>> predicted;  // sets x images
  std::vector<std::array<FoldScore, 2>> scores;      // sets x folds
};

// Trains on one fold (0 or 1 for each image) and predicts the other, both ways, for every feature set.
ConceptRepeat concept_repeat(std::span<const Gram> sets, std::span<const std::int64_t> labels,
                             std::vector<std::uint8_t> fold, const ConceptOptions& options);

// For every pair of sets the percentile interval of the mean F1 difference when `groups` are drawn with replacement.
std::vector<std::pair<double, double>> bootstrap_f1_differences(std::span<const ConceptRepeat> repeats,
                                                                std::span<const std::int64_t> labels,
                                                                std::span<const int> groups,
                                                                std::span<const std::pair<int, int>> pairs, int draws,
                                                                std::uint64_t seed);

}  // namespace palimpsest::analysis
