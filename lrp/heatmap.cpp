#include "lrp/heatmap.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace palimpsest {

Normalise parse_normalise(std::string_view word) {
  if (word == "min-max") return Normalise::min_max;
  if (word == "max-abs") return Normalise::max_abs;
  if (word == "share") return Normalise::share;
  throw Error(fmt::format("there is no normalisation of heatmaps '{}'", word), "use --normalise min-max, max-abs or share");
}

std::vector<float> sum_over_channels(std::span<const float> map, int channels) {
  const std::size_t pixels = map.size() / std::size_t(channels);
  std::vector<float> sums(pixels);
  for (std::size_t p = 0; p < pixels; ++p) {
    double sum = 0;
    for (std::size_t c = 0; c < std::size_t(channels); ++c) sum += double(map[c * pixels + p]);
    sums[p] = float(sum);
  }
  return sums;
}

double total(std::span<const float> map) {
  double sum = 0;
  for (const float r : map) sum += double(r);
  return sum;
}

std::vector<float> shares(std::span<const float> map) {
  double sum = 0;
  for (const float r : map) sum += std::abs(double(r));
  std::vector<float> divided(map.begin(), map.end());
  if (sum > 0)
    for (float& r : divided) r = float(double(r) / sum);
  return divided;
}

std::vector<float> difference(std::span<const float> a, std::span<const float> b) {
  PALIMPSEST_REQUIRE(a.size() == b.size(), "{} and {} values", a.size(), b.size());
  std::vector<float> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), [](float x, float y) { return x - y; });
  return result;
}

double largest_absolute(std::span<const float> map) {
  double largest = 0;
  for (const float r : map) largest = std::max(largest, std::abs(double(r)));
  return largest;
}

Heatmap min_max(std::span<const float> map, int width, int height) {
  PALIMPSEST_REQUIRE(map.size() == std::size_t(width) * std::size_t(height), "{} values", map.size());
  const auto [low, high] = std::minmax_element(map.begin(), map.end());
  const double least = double(*low), range = double(*high) - least;
  Heatmap heatmap{width, height, std::vector<float>(map.size(), 0.5F), 0.5};
  if (!(range > 0)) return heatmap;
  heatmap.zero = -least / range;
  std::transform(map.begin(), map.end(), heatmap.values.begin(), [&](float r) { return float((double(r) - least) / range); });
  return heatmap;
}

Heatmap symmetric(std::span<const float> map, int width, int height, double limit) {
  PALIMPSEST_REQUIRE(map.size() == std::size_t(width) * std::size_t(height), "{} values", map.size());
  Heatmap heatmap{width, height, std::vector<float>(map.size(), 0.5F), 0.5};
  if (!(limit > 0)) return heatmap;
  std::transform(map.begin(), map.end(), heatmap.values.begin(),
                 [&](float r) { return float(std::clamp(0.5 + double(r) / (2 * limit), 0.0, 1.0)); });
  return heatmap;
}

}  // namespace palimpsest
