#include "analysis/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"

namespace palimpsest::analysis {

double quantile(std::vector<double>& values, double q) {
  PALIMPSEST_REQUIRE(!values.empty() && q >= 0 && q <= 1, "{} values, q = {}", values.size(), q);
  std::sort(values.begin(), values.end());
  const double at = q * double(values.size() - 1);
  const auto below = std::size_t(at);
  const auto above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - double(below)) * (values[above] - values[below]);
}

std::vector<float> bootstrap_counts(int n, std::uint64_t seed, int draw) {
  Random random(seed, Purpose::bootstrap, 0, std::uint64_t(draw));
  std::vector<float> counts(std::size_t(n), 0.0F);
  for (int i = 0; i < n; ++i) ++counts[random.below(std::uint32_t(n))];
  return counts;
}

std::vector<int> dense_groups(std::span<const std::int64_t> groups) {
  std::unordered_map<std::int64_t, int> numbers;
  std::vector<int> dense;
  for (const auto group : groups) dense.push_back(numbers.emplace(group, int(numbers.size())).first->second);
  return dense;
}

}  // namespace palimpsest::analysis
