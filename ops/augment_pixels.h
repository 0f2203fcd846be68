#pragma once
#include <algorithm>
#include <cstddef>

#include "ops/augment.h"
#include "ops/normalisation.h"

// The pixel loops of the augmentation (ops/augment.h), shared by the CPU device and by callers without a device.
namespace palimpsest {

// Where the pixels of a picture are: strides in elements.
struct PixelLayout {
  std::ptrdiff_t row, column, channel;
  static PixelLayout interleaved(int width) { return {3 * std::ptrdiff_t(width), 3, 1}; }
  static PixelLayout planar(int height, int width) { return {width, 1, std::ptrdiff_t(height) * width}; }
};

template <typename Pixel>
struct Picture {
  const Pixel* pixels;
  PixelLayout layout;
  int height, width;
};

// A position on one axis, clamped to it: the pixel below, the step to the pixel above (0 at the edge), the fraction.
struct Place {
  int below, step;
  float fraction;
};

inline Place place(double position, int length) {
  const double clamped = std::clamp(position, 0.0, double(length - 1));
  const int below = int(clamped);
  return {below, below + 1 < length ? 1 : 0, float(clamped - below)};
}

// Calls write(channel, column, value) for one row of the transformed picture.
template <typename Pixel, typename Write>
void copy_row(const Picture<Pixel>& from, int y, bool flip, const Normalisation& n, Write write) {
  const std::ptrdiff_t step = flip ? -from.layout.column : from.layout.column;
  for (std::size_t c = 0; c < 3; ++c) {
    const float mean = n.mean[c], scale = n.scale[c];
    const Pixel* at = from.pixels + from.layout.channel * n.source[c] + from.layout.row * y;
    if (flip) at += from.layout.column * (from.width - 1);
    for (int x = 0; x < from.width; ++x) write(c, x, (float(at[step * x]) - mean) * scale);
  }
}

template <typename Pixel, typename Write>
void warp_row(const Picture<Pixel>& from, int y, const PixelMap& map, const Normalisation& n, Write write) {
  const double row = map.linear[0] * y + map.offset[0], column = map.linear[2] * y + map.offset[1];
  for (int x = 0; x < from.width; ++x) {
    // Positions in double: float rounding alone would change a sharp edge by several thousandths.
    const Place r = place(row + map.linear[1] * x, from.height), c = place(column + map.linear[3] * x, from.width);
    const Pixel* const at = from.pixels + from.layout.row * r.below + from.layout.column * c.below;
    const std::ptrdiff_t right = from.layout.column * c.step, down = from.layout.row * r.step;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const Pixel* const p = at + from.layout.channel * n.source[channel];
      const float upper = float(p[0]) + c.fraction * (float(p[right]) - float(p[0]));
      const float lower = float(p[down]) + c.fraction * (float(p[down + right]) - float(p[down]));
      write(channel, map.flip ? from.width - 1 - x : x,
            (upper + r.fraction * (lower - upper) - n.mean[channel]) * n.scale[channel]);
    }
  }
}

template <typename Pixel, typename Write>
void transform_row(const Picture<Pixel>& from, int y, const PixelMap& map, const Normalisation& n, Write write) {
  if (map.affine)
    warp_row(from, y, map, n, write);
  else
    copy_row(from, y, map.flip, n, write);
}

}  // namespace palimpsest
