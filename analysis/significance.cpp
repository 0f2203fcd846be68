#include "analysis/significance.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace palimpsest::analysis {

double student_t_two_sided(double t, double df) {
  if (std::isinf(t)) return 0;
  return std::min(1.0, 2 * boost::math::cdf(complement(boost::math::students_t(df), std::abs(t))));
}

namespace {

// The t-test whose squared standard error of the mean is `factor` times the variance.
TTest t_test(std::span<const double> differences, double factor) {
  const auto n = double(differences.size());
  PALIMPSEST_REQUIRE(differences.size() >= 2, "{} differences", differences.size());
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / n;
  double squares = 0;
  for (const double d : differences) squares += (d - mean) * (d - mean);
  PALIMPSEST_REQUIRE(std::isfinite(squares), "differences must be finite");
  const double error = std::sqrt(factor * squares / (n - 1));
  TTest result;
  result.df = n - 1;
  if (error > 0)
    result.t = mean / error;
  else if (mean != 0)
    result.t = std::copysign(std::numeric_limits<double>::infinity(), mean);
  result.p = student_t_two_sided(result.t, result.df);
  return result;
}

}  // namespace

TTest paired_t_test(std::span<const double> differences) {
  return t_test(differences, 1.0 / double(differences.size()));
}

TTest corrected_resampled_t_test(std::span<const double> differences, double test_over_train) {
  return t_test(differences, 1.0 / double(differences.size()) + test_over_train);
}

std::vector<double> holm(std::span<const double> p_values) {
  const std::size_t m = p_values.size();
  std::vector<std::size_t> order(m);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return p_values[i] < p_values[j]; });
  std::vector<double> adjusted(m);
  double running = 0;
  for (std::size_t rank = 0; rank < m; ++rank) {
    running = std::max(running, std::min(1.0, double(m - rank) * p_values[order[rank]]));
    adjusted[order[rank]] = running;
  }
  return adjusted;
}

}  // namespace palimpsest::analysis
