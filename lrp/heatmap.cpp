#include "lrp/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace palimpsest::lrp {

double Heatmap::total() const {
  double sum = 0;
  for (const float value : values) sum += double(value);
  return sum;
}

Heatmap sum_channels(std::span<const float> relevance, int height, int width) {
  const auto area = std::size_t(height) * std::size_t(width);
  PALIMPSEST_REQUIRE(relevance.size() % area == 0, "{} values", relevance.size());
  Heatmap map{width, height, std::vector<float>(area)};
  for (std::size_t i = 0; i < area; ++i) {
    double sum = 0;
    for (std::size_t at = i; at < relevance.size(); at += area) sum += double(relevance[at]);
    map.values[i] = float(sum);
  }
  return map;
}

Heatmap difference(const Heatmap& a, const Heatmap& b) {
  PALIMPSEST_REQUIRE(a.values.size() == b.values.size(), "{} and {} pixels", a.values.size(), b.values.size());
  Heatmap result = a;
  for (std::size_t i = 0; i < result.values.size(); ++i) result.values[i] -= b.values[i];
  return result;
}

namespace {
Heatmap divided_by_total(Heatmap map) {
  const double total = std::abs(map.total());
  if (total != 0)
    for (auto& value : map.values) value = float(double(value) / total);
  return map;
}
}  // namespace

Heatmap difference_of_shares(const Heatmap& a, const Heatmap& b) {
  return difference(divided_by_total(a), divided_by_total(b));
}

NormalisedMap normalised(const Heatmap& map, MapNormalisation kind) {
  const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
  const MapScale scale = map_scale(kind, double(*low), double(*high), map.total());
  NormalisedMap result{map, std::clamp(scale.shift, 0.0, 1.0)};
  for (auto& value : result.map.values) value = scale(value);
  return result;
}

namespace {

using Colour = std::array<double, 3>;

Colour mix(const Colour& a, const Colour& b, double t) {
  return {a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t};
}

constexpr Colour kWhite{247, 247, 247}, kRed{202, 0, 32}, kBlue{5, 113, 176};

Colour diverging_colour(double signed_share) {  // -1..1
  return mix(kWhite, signed_share >= 0 ? kRed : kBlue, std::min(1.0, std::abs(signed_share)));
}

double largest(const Heatmap& map) {
  double most = 0;
  for (const float value : map.values) most = std::max(most, std::abs(double(value)));
  return most > 0 ? most : 1;
}

template <typename ColourOf>
data::Image painted(const Heatmap& map, ColourOf colour_of) {
  data::Image image(map.width, map.height);
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    const Colour c = colour_of(i);
    for (std::size_t k = 0; k < 3; ++k)
      image.pixels[3 * i + k] = std::uint8_t(std::lround(std::clamp(c[k], 0.0, 255.0)));
  }
  return image;
}

}  // namespace

data::Image diverging(const Heatmap& map) {
  const double most = largest(map);
  return painted(map, [&](std::size_t i) { return diverging_colour(double(map.values[i]) / most); });
}

data::Image sequential(const Heatmap& map) {
  // Dark violet, red, orange, pale yellow: lightness rises evenly, so that it reads in grey too.
  static constexpr std::array<Colour, 5> stops{
      {{18, 10, 50}, {108, 30, 105}, {198, 60, 75}, {245, 145, 60}, {252, 244, 190}}};
  return painted(map, [&](std::size_t i) {
    const double at = std::clamp(double(map.values[i]), 0.0, 1.0) * double(stops.size() - 1);
    const auto low = std::min(std::size_t(at), stops.size() - 2);
    return mix(stops[low], stops[low + 1], at - double(low));
  });
}

data::Image overlay(const data::Image& picture, const Heatmap& map) {
  PALIMPSEST_REQUIRE(picture.width == map.width && picture.height == map.height, "{} x {}", picture.width,
                     picture.height);
  const double most = largest(map);
  return painted(map, [&](std::size_t i) {
    const auto* p = picture.pixels.data() + 3 * i;
    const double grey = 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
    const double share = double(map.values[i]) / most;
    return mix({grey, grey, grey}, share >= 0 ? kRed : kBlue, 0.85 * std::sqrt(std::abs(share)));
  });
}

}  // namespace palimpsest::lrp
