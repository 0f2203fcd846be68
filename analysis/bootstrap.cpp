#include "analysis/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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

MeanInterval bootstrap_mean(std::span<const double> values, std::uint64_t seed, std::span<const std::int64_t> groups,
                            int draws, double confidence) {
  PALIMPSEST_REQUIRE(!values.empty() && (groups.empty() || groups.size() == values.size()) && draws >= 1,
                     "{} values, {} groups, {} draws", values.size(), groups.size(), draws);
  std::vector<int> group(values.size());
  if (groups.empty())
    std::iota(group.begin(), group.end(), 0);
  else
    group = dense_groups(groups);
  const int count = *std::max_element(group.begin(), group.end()) + 1;
  std::vector<double> sums(std::size_t(count), 0.0), sizes(std::size_t(count), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[std::size_t(group[i])] += values[i];
    sizes[std::size_t(group[i])] += 1;
  }
  std::vector<double> means;
  for (int draw = 0; draw < draws; ++draw) {
    const auto counts = bootstrap_counts(count, seed, draw);
    double sum = 0, size = 0;
    for (std::size_t g = 0; g < counts.size(); ++g) sum += counts[g] * sums[g], size += counts[g] * sizes[g];
    means.push_back(sum / size);
  }
  const double low = quantile(means, (1 - confidence) / 2), high = quantile(means, (1 + confidence) / 2);
  return {std::accumulate(values.begin(), values.end(), 0.0) / double(values.size()), low, high};
}

}  // namespace palimpsest::analysis
