#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace palimpsest {

// How raw relevance becomes values in [0, 1].
//   min_max   (r - min) / (max - min): the smallest value is 0, the largest 1; relevance 0 lies wherever it falls
//   max_abs   1/2 + r / (2 max |r|): relevance 0 lies at 1/2
//   share     each map is divided by its sum of |r| first, so that maps of confident and unsure models compare; then as
//             max_abs, with one limit for all maps that are shown side by side
enum class Normalise : std::uint8_t { min_max, max_abs, share };
Normalise parse_normalise(std::string_view word);  // throws Error listing the words for another one

// A relevance map, width x height values row by row, ready to be coloured.
struct Heatmap {
  int width = 0, height = 0;
  std::vector<float> values;  // in [0, 1]
  double zero = 0.5;          // the value that means no relevance; outside [0, 1] where all relevance has one sign
};

// (channels, pixels) to (pixels): the relevance of a pixel is the sum over its channels.
std::vector<float> sum_over_channels(std::span<const float> map, int channels);

double total(std::span<const float> map);  // in double

// r / sum |r|; all zero stays all zero. The total itself would not do: it is the logit, which may be near zero.
std::vector<float> shares(std::span<const float> map);

std::vector<float> difference(std::span<const float> a, std::span<const float> b);  // a - b; requires: equal sizes
double largest_absolute(std::span<const float> map);

// requires: map.size() == width * height. A map without any contrast becomes 1/2 throughout.
Heatmap min_max(std::span<const float> map, int width, int height);
Heatmap symmetric(std::span<const float> map, int width, int height, double limit);  // 1/2 + r / (2 limit), cut to [0, 1]

}  // namespace palimpsest
