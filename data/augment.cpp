#include "data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "base/error.h"
#include "base/random.h"

namespace palimpsest {

namespace {

// (row, column) of the original = linear * (row, column) + offset.
struct Affine {
  std::array<double, 4> linear{1, 0, 0, 1};  // row by row
  std::array<double, 2> offset{0, 0};
};

Affine affine_of(const Transform& t, int height, int width) {
  const double degree = std::numbers::pi / 180;
  const double c = std::cos(t.theta * degree), s = std::sin(t.theta * degree);
  const double shear_row = -std::sin(t.shear * degree), shear_column = std::cos(t.shear * degree);
  // R H Z, R being applied last; S lies between R and H, so that its shift is rotated.
  Affine affine;
  affine.linear = {c * t.zx, (c * shear_row - s * shear_column) * t.zy, s * t.zx,
                   (s * shear_row + c * shear_column) * t.zy};
  const double row = height / 2.0 + 0.5, column = width / 2.0 + 0.5;
  affine.offset = {c * t.tx - s * t.ty + row - affine.linear[0] * row - affine.linear[1] * column,
                   s * t.tx + c * t.ty + column - affine.linear[2] * row - affine.linear[3] * column};
  return affine;
}

// Where the pixels of a picture lie: strides in elements.
struct Layout {
  std::ptrdiff_t row, column, channel;
};

Layout interleaved(int width) {
  return {3 * std::ptrdiff_t(width), 3, 1};
}
Layout planar(int height, int width) {
  return {width, 1, std::ptrdiff_t(height) * width};
}

template <typename Pixel>
void copy_picture(const Pixel* pixels, Layout layout, int height, int width, bool flip, const Normalisation& n,
                  float* out) {
  const std::ptrdiff_t step = flip ? -layout.column : layout.column;
  for (std::size_t c = 0; c < 3; ++c) {
    const float mean = n.mean[c], scale = n.scale[c];
    for (int y = 0; y < height; ++y) {
      const Pixel* from = pixels + layout.channel * n.source[c] + layout.row * y;
      if (flip) from += layout.column * (width - 1);
      for (int x = 0; x < width; ++x) *out++ = (float(from[step * x]) - mean) * scale;
    }
  }
}

// A place on one axis, clamped to it (fill mode "nearest"): the pixel below, the step to the pixel above, the fraction.
struct Place {
  int below, step;
  float fraction;
};

Place place(double position, int length) {
  const double clamped = std::clamp(position, 0.0, double(length - 1));
  const int below = int(clamped);
  return {below, below + 1 < length ? 1 : 0, float(clamped - below)};
}

template <typename Pixel>
void warp_picture(const Pixel* pixels, Layout layout, int height, int width, const Transform& t, const Normalisation& n,
                  float* out) {
  const Affine affine = affine_of(t, height, width);
  const std::size_t area = std::size_t(height) * std::size_t(width);
  for (int y = 0; y < height; ++y) {
    const double row = affine.linear[0] * y + affine.offset[0], column = affine.linear[2] * y + affine.offset[1];
    float* const line = out + std::size_t(y) * std::size_t(width);
    for (int x = 0; x < width; ++x) {
      // Positions in double: in float their rounding alone would change a sharp edge by several thousandths.
      const Place r = place(row + affine.linear[1] * x, height), c = place(column + affine.linear[3] * x, width);
      const Pixel* const at = pixels + layout.row * r.below + layout.column * c.below;
      const std::ptrdiff_t right = layout.column * c.step, down = layout.row * r.step;
      float* const to = line + (t.flip ? width - 1 - x : x);
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const Pixel* const p = at + layout.channel * n.source[channel];
        const float upper = float(p[0]) + c.fraction * (float(p[right]) - float(p[0]));
        const float lower = float(p[down]) + c.fraction * (float(p[down + right]) - float(p[down]));
        to[channel * area] = (upper + r.fraction * (lower - upper) - n.mean[channel]) * n.scale[channel];
      }
    }
  }
}

template <typename Pixel>
void apply(const Pixel* pixels, Layout layout, int height, int width, const Transform& t, const Normalisation& n,
           float* out) {
  if (t.affine())
    warp_picture(pixels, layout, height, width, t, n, out);
  else
    copy_picture(pixels, layout, height, width, t.flip, n, out);
}

}  // namespace

Transform draw_transform(Augmentation kind, const AugmentRanges& ranges, int height, int width, std::uint64_t seed,
                         std::uint32_t epoch, std::uint64_t index) {
  Transform t;
  if (kind == Augmentation::none) return t;
  Random random(seed, Purpose::augment, epoch, index);
  if (kind == Augmentation::keras) {
    t.theta = random.uniform(-ranges.rotation, ranges.rotation);
    t.tx = random.uniform(-ranges.height_shift, ranges.height_shift) * height;
    t.ty = random.uniform(-ranges.width_shift, ranges.width_shift) * width;
    t.shear = random.uniform(-ranges.shear, ranges.shear);
    t.zx = random.uniform(1 - ranges.zoom, 1 + ranges.zoom);
    t.zy = random.uniform(1 - ranges.zoom, 1 + ranges.zoom);
  }
  t.flip = random.chance(0.5) && ranges.horizontal_flip;
  return t;
}

void transform_picture(const std::uint8_t* pixels, int height, int width, const Transform& transform,
                       const Normalisation& normalisation, float* out) {
  apply(pixels, interleaved(width), height, width, transform, normalisation, out);
}

void transform_array(const float* planes, int height, int width, const Transform& transform, float* out) {
  apply(planes, planar(height, width), height, width, transform, Normalisation::none(), out);
}

void check_ranges(const AugmentRanges& ranges) {
  const auto check = [](const char* name, double value, double limit) {
    if (!(value >= 0 && value < limit))
      throw Error(fmt::format("the augmentation range {} is {}, which is not in [0, {})", name, value, limit),
                  "the paper's are rotation 25, shifts 0.1, shear 0.1, zoom 0.1");
  };
  check("rotation", ranges.rotation, 360);
  check("height_shift", ranges.height_shift, 1);
  check("width_shift", ranges.width_shift, 1);
  check("shear", ranges.shear, 90);
  check("zoom", ranges.zoom, 1);
}

}  // namespace palimpsest
