#include "lrp/colours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "base/error.h"

namespace palimpsest {

namespace {

struct Colour {
  double l, a, b;  // OKLab
};
using Rgb = std::array<std::uint8_t, 3>;
constexpr int kSteps = 256;
using Table = std::array<Rgb, kSteps>;

std::uint8_t to_byte(double linear) {
  const double c = std::clamp(linear, 0.0, 1.0);
  const double srgb = c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
  return std::uint8_t(std::lround(255 * srgb));
}

Rgb to_rgb(const Colour& c) {
  const double l = std::pow(c.l + 0.3963377774 * c.a + 0.2158037573 * c.b, 3);
  const double m = std::pow(c.l - 0.1055613458 * c.a - 0.0638541728 * c.b, 3);
  const double s = std::pow(c.l - 0.0894841775 * c.a - 1.2914855480 * c.b, 3);
  return {to_byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          to_byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          to_byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

// Evenly spaced colours, mixed in between.
Table table_of(std::span<const Colour> stops) {
  Table table;
  for (int i = 0; i < kSteps; ++i) {
    const double at = double(i) / (kSteps - 1) * double(stops.size() - 1);
    const auto from = std::min(std::size_t(at), stops.size() - 2);
    const double t = at - double(from);
    const Colour &p = stops[from], &q = stops[from + 1];
    table[std::size_t(i)] = to_rgb({p.l + t * (q.l - p.l), p.a + t * (q.a - p.a), p.b + t * (q.b - p.b)});
  }
  return table;
}

const Table& colours_of(ColourMap map) {
  static const std::array<Colour, 5> dark_to_light{
      {{0.10, 0.00, -0.02}, {0.33, 0.08, -0.12}, {0.55, 0.17, 0.03}, {0.77, 0.09, 0.14}, {0.97, -0.02, 0.10}}};
  static const std::array<Colour, 5> blue_to_red{
      {{0.36, -0.01, -0.17}, {0.66, -0.04, -0.12}, {0.985, 0.00, 0.00}, {0.66, 0.14, 0.07}, {0.40, 0.14, 0.08}}};
  static const Table sequential = table_of(dark_to_light), diverging = table_of(blue_to_red);
  return map == ColourMap::sequential ? sequential : diverging;
}

// Where a value lies on the colour map, and how far from no relevance; both in [0, 1].
struct Place {
  double at, strength;
};
Place place_of(double value, double zero, ColourMap map) {
  if (map == ColourMap::sequential) return {value, value};
  const double reach = std::max(std::abs(1 - zero), std::abs(zero));
  const double signed_value = std::clamp((value - zero) / reach, -1.0, 1.0);
  return {0.5 + signed_value / 2, std::abs(signed_value)};
}

const Rgb& colour_at(const Place& place, const Table& table) {
  return table[std::size_t(std::lround(std::clamp(place.at, 0.0, 1.0) * (kSteps - 1)))];
}

}  // namespace

Image coloured(const Heatmap& heatmap, ColourMap map) {
  const Table& table = colours_of(map);
  Image image(heatmap.width, heatmap.height);
  for (std::size_t p = 0; p < heatmap.values.size(); ++p) {
    const Rgb& colour = colour_at(place_of(double(heatmap.values[p]), heatmap.zero, map), table);
    std::copy(colour.begin(), colour.end(), image.pixels.begin() + std::ptrdiff_t(3 * p));
  }
  return image;
}

Image overlay(const Image& picture, const Heatmap& heatmap, ColourMap map) {
  PALIMPSEST_REQUIRE(picture.width == heatmap.width && picture.height == heatmap.height, "{} x {} over {} x {}",
                     heatmap.width, heatmap.height, picture.width, picture.height);
  const Table& table = colours_of(map);
  Image image(heatmap.width, heatmap.height);
  for (std::size_t p = 0; p < heatmap.values.size(); ++p) {
    const std::uint8_t* const rgb = picture.pixels.data() + 3 * p;
    const double grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    const Place place = place_of(double(heatmap.values[p]), heatmap.zero, map);
    const Rgb& colour = colour_at(place, table);
    const double cover = 0.9 * std::sqrt(std::clamp(place.strength, 0.0, 1.0));
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[3 * p + c] = std::uint8_t(std::lround((1 - cover) * grey + cover * double(colour[c])));
  }
  return image;
}

}  // namespace palimpsest
