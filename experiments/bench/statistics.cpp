#include "experiments/bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace palimpsest::experiments {

namespace {

// sorted; share in [0, 1]
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * double(sorted.size() - 1);
  const auto below = std::size_t(at);
  const double above = sorted[std::min(below + 1, sorted.size() - 1)];
  return sorted[below] + (at - double(below)) * (above - sorted[below]);
}

}  // namespace

std::size_t order_of_interval(std::size_t samples) {
  const double n = double(samples);
  double outside = 0;  // on both sides of the interval
  for (std::size_t j = 0; 2 * j <= samples; ++j) {
    const double i = double(j);
    outside += 2 * std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) - n * std::log(2.0));
    if (outside > 0.05) return j;
  }
  return 0;
}

Summary summary_of(std::vector<double> samples) {
  PALIMPSEST_REQUIRE(!samples.empty(), "no samples");
  std::sort(samples.begin(), samples.end());
  Summary s;
  s.samples = samples.size();
  s.median = quantile(samples, 0.5);
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const bool several = samples.size() > 1 && s.median > 0;
  s.noise = several ? (quantile(samples, 0.75) - quantile(samples, 0.25)) / s.median : none;
  const std::size_t j = order_of_interval(samples.size());
  s.low = j > 0 ? samples[j - 1] : none;
  s.high = j > 0 ? samples[samples.size() - j] : none;
  return s;
}

}  // namespace palimpsest::experiments
