#include "data/augment.h"

#include <cmath>
#include <cstddef>
#include <numbers>

#include "base/error.h"
#include "base/random.h"
#include "ops/augment_pixels.h"

namespace palimpsest::data {

namespace {

template <typename Pixel>
void apply(const Picture<Pixel>& picture, const PixelMap& map, const Normalisation& n, float* out) {
  const std::size_t area = std::size_t(picture.height) * std::size_t(picture.width);
  for (int y = 0; y < picture.height; ++y) {
    float* const line = out + std::size_t(y) * std::size_t(picture.width);
    transform_row(picture, y, map, n,
                  [=](std::size_t channel, int x, float value) { line[channel * area + std::size_t(x)] = value; });
  }
}

}  // namespace

PixelMap pixel_map(const Transform& t, int height, int width) {
  PixelMap map;
  map.affine = t.affine();
  map.flip = t.flip;
  if (!map.affine) return map;
  const double degree = std::numbers::pi / 180;
  const double c = std::cos(t.theta * degree), s = std::sin(t.theta * degree);
  const double shear_row = -std::sin(t.shear * degree), shear_column = std::cos(t.shear * degree);
  // R H Z, R being applied last; S is between R and H, so that its shift is rotated.
  map.linear = {c * t.zx, (c * shear_row - s * shear_column) * t.zy, s * t.zx,
                (s * shear_row + c * shear_column) * t.zy};
  const double row = height / 2.0 + 0.5, column = width / 2.0 + 0.5;
  map.offset = {c * t.tx - s * t.ty + row - map.linear[0] * row - map.linear[1] * column,
                s * t.tx + c * t.ty + column - map.linear[2] * row - map.linear[3] * column};
  return map;
}

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
  apply(Picture<std::uint8_t>{pixels, PixelLayout::interleaved(width), height, width},
        pixel_map(transform, height, width), normalisation, out);
}

void transform_array(const float* planes, int height, int width, const Transform& transform, float* out) {
  apply(Picture<float>{planes, PixelLayout::planar(height, width), height, width}, pixel_map(transform, height, width),
        Normalisation::none(), out);
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

}  // namespace palimpsest::data
