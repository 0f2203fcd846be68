#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "analysis/predictions.h"

namespace palimpsest::analysis {

// McNemar's test (Psychometrika 12, 1947): of the images that only one of two models gets right, does one model have
// more than chance would give it?
struct McNemar {
  struct ChiSquare {
    double statistic = 0, p = 1;
  };
  std::int64_t b = 0, c = 0;                    // a right and b wrong; a wrong and b right
  std::int64_t both_right = 0, both_wrong = 0;  // these do not affect the test
  double exact_p = 1;                           // two-sided binomial, n = b + c, share 1/2
  ChiSquare chi2;                               // (b - c)^2 / (b + c), 1 degree of freedom
  ChiSquare chi2_corrected;                     // (max(0, |b - c| - 1))^2 / (b + c), Edwards 1948
};

// Without disagreement every p is 1. p-values below 1e-308 come out as 0. requires: b, c >= 0
McNemar mcnemar(std::int64_t b, std::int64_t c);

// Over the images of one class (by its number in a), or all. Images are matched by id, classes by name if both files
// have names (a remark lists matches with different numbers), else by number. Throws Error naming both files when they
// have different numbers of classes and no names, and also the id when an image is in only one of them or has two
// labels; also when no image has the class.
McNemar compare_predictions(const Predictions& a, const Predictions& b, std::optional<int> only_class = {});

// mcnemar.json: b, c, exact {p}, chi2 {statistic, p}, chi2_corrected {statistic, p}; both_right and both_wrong.
std::string mcnemar_json(const McNemar& result);

}  // namespace palimpsest::analysis
