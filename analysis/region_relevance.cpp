#include "analysis/region_relevance.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace palimpsest::analysis {

namespace {

double rank_accuracy(std::span<const float> map, std::span<const float> mask, std::size_t k) {
  std::vector<float> sorted(map.begin(), map.end());
  std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t(k) - 1, sorted.end(), std::greater<>());
  const float threshold = sorted[k - 1];
  std::size_t above = 0, above_inside = 0, tied = 0, tied_inside = 0;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const bool inside = mask[i] >= 0.5F;
    if (map[i] > threshold) ++above, above_inside += inside;
    if (map[i] == threshold) ++tied, tied_inside += inside;
  }
  const double of_tied = double(k - above) / double(tied);
  return (double(above_inside) + of_tied * double(tied_inside)) / double(k);
}

}  // namespace

std::optional<RegionRelevance> region_relevance(std::span<const float> map, std::span<const float> mask) {
  PALIMPSEST_REQUIRE(map.size() == mask.size(), "map of {} pixels, mask of {}", map.size(), mask.size());
  double positive = 0, positive_inside = 0, absolute = 0, absolute_inside = 0, area = 0;
  std::size_t k = 0;
  for (std::size_t i = 0; i < map.size(); ++i) {
    PALIMPSEST_REQUIRE(std::isfinite(map[i]) && mask[i] >= 0 && mask[i] <= 1, "pixel {}: relevance {}, mask {}", i,
                       map[i], mask[i]);
    const double relevance = map[i], inside = mask[i];
    positive += std::max(relevance, 0.0);
    positive_inside += std::max(relevance, 0.0) * inside;
    absolute += std::abs(relevance);
    absolute_inside += std::abs(relevance) * inside;
    area += inside;
    k += mask[i] >= 0.5F;
  }
  if (positive == 0 || k == 0) return std::nullopt;
  return RegionRelevance{positive_inside / positive, absolute_inside / absolute, rank_accuracy(map, mask, k),
                         area / double(map.size())};
}

}  // namespace palimpsest::analysis
