#pragma once
#include <span>
#include <string>
#include <vector>

#include "data/image.h"
#include "ops/heatmap.h"

namespace palimpsest::lrp {

// One value per pixel, row by row.
struct Heatmap {
  int width = 0, height = 0;
  std::vector<float> values;
  double total() const;
};

// Channels summed: relevance (3, h, w) to (h, w).
Heatmap sum_channels(std::span<const float> relevance, int height, int width);

Heatmap difference(const Heatmap& a, const Heatmap& b);  // a - b
// a / |total(a)| - b / |total(b)|: where each model looks, whatever its confidence. The absolute value keeps the sign
// of relevance where a logit is negative. A map that sums to 0 is unchanged.
Heatmap difference_of_shares(const Heatmap& a, const Heatmap& b);

// Raw relevance as [0, 1] (ops/heatmap.h); `zero` is what relevance 0 becomes.
struct NormalisedMap {
  Heatmap map;
  double zero = 0;
};
NormalisedMap normalised(const Heatmap& map, MapNormalisation kind);

// Pictures. Diverging, for maps with both signs: blue below zero, white at zero, red above, symmetric in max|R|.
data::Image diverging(const Heatmap& map);
// From dark to light, for normalised maps.
data::Image sequential(const Heatmap& normalised);
// The picture in grey with the map's colours over it, stronger where |R| is larger.
data::Image overlay(const data::Image& picture, const Heatmap& map);

}  // namespace palimpsest::lrp
