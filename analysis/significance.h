#pragma once
#include <span>
#include <vector>

namespace palimpsest::analysis {

struct TTest {
  double t = 0, df = 0, p = 1;  // two-sided
};

// P(|T| >= |t|) for Student's t with df degrees of freedom; accurate far out in the tail (1e-300).
double student_t_two_sided(double t, double df);

// Paired t-test on the differences of the pairs: t = mean / sqrt(var / n), df = n - 1. With differences that are all 0,
// t = 0 and p = 1; all equal but not 0, t is infinite and p = 0. requires: n >= 2, finite differences
TTest paired_t_test(std::span<const double> differences);

// The same for differences from repeated splits of one data set, which are not independent (Nadeau and Bengio,
// Inference for the generalization error, Machine Learning 52, 2003): t = mean / sqrt((1/n + test/train) var).
TTest corrected_resampled_t_test(std::span<const double> differences, double test_over_train);

// Holm's step-down adjustment (Scandinavian J. of Statistics 6, 1979): reject where the adjusted p is below the level;
// the chance of any false rejection among all then stays below it.
std::vector<double> holm(std::span<const double> p_values);

}  // namespace palimpsest::analysis
