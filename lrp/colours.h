#pragma once
#include "data/image.h"
#include "lrp/heatmap.h"

namespace palimpsest {

// Colours are mixed in OKLab (Ottosson, "A perceptual color space for image processing", 2020), where equal steps look
// equal.
//   sequential   black, violet, orange, pale yellow with steadily rising lightness: more is brighter
//   diverging    blue, white, red, white at the heatmap's zero and the same scale on both sides
enum class ColourMap : std::uint8_t { sequential, diverging };

Image coloured(const Heatmap& heatmap, ColourMap map);

// The picture in grey under the heatmap's colours, which cover it the more the further they are from no relevance.
// requires: the picture has the heatmap's size
Image overlay(const Image& picture, const Heatmap& heatmap, ColourMap map);

}  // namespace palimpsest
