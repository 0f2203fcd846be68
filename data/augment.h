#pragma once
#include <cstdint>
#include <string_view>

#include "base/words.h"
#include "data/normalisation.h"
#include "ops/augment.h"

// The augmentation of Keras' ImageDataGenerator as in keras-preprocessing 1.1.2 (the last release before the paper;
// later ones rotate the other way and centre differently), fill mode "nearest", interpolation order 1.
namespace palimpsest::data {

// The largest change of each kind, in either direction. Defaults are the paper's for the pain models.
struct AugmentRanges {
  double rotation = 25;       // degrees
  double height_shift = 0.1;  // share of the height, [0, 1)
  double width_shift = 0.1;   // share of the width, [0, 1)
  double shear = 0.1;         // degrees, as in Keras' shear_range
  double zoom = 0.1;          // factors from 1 - zoom to 1 + zoom, rows and columns independently, [0, 1)
  bool horizontal_flip = true;
};

// One transformation, in rows and columns. The transformed picture at (row, column) is the original at
//   O R(theta) S(tx, ty) H(shear) Z(zx, zy) O^-1 (row, column, 1),
//   R = [c -s; s c], S = translation by (tx, ty), H = [1 -sin(shear); 0 cos(shear)], Z = diag(zx, zy),
// O the translation by (height / 2 + 0.5, width / 2 + 0.5); after it the columns are mirrored where `flip` is set.
struct Transform {
  double theta = 0;       // degrees
  double tx = 0, ty = 0;  // pixels, along rows and along columns
  double shear = 0;       // degrees
  double zx = 1, zy = 1;  // below 1 magnifies
  bool flip = false;

  bool affine() const { return theta != 0 || tx != 0 || ty != 0 || shear != 0 || zx != 1 || zy != 1; }
};

enum class Augmentation { none, flip, keras };
constexpr auto words(Augmentation) {
  return std::to_array<Word<Augmentation>>(
      {{"none", Augmentation::none}, {"flip", Augmentation::flip}, {"keras", Augmentation::keras}});
}

// The transformation of picture `index` in `epoch`: a pure function of its arguments (Philox, Purpose::augment).
// `flip`: mirrored with probability 1/2.
Transform draw_transform(Augmentation kind, const AugmentRanges& ranges, int height, int width, std::uint64_t seed,
                         std::uint32_t epoch, std::uint64_t index);

// The same as the map that a device applies (ops/augment.h).
PixelMap pixel_map(const Transform& transform, int height, int width);

// `pixels`: height x width x 3 (R, G, B); `out`: 3 x height x width, normalised.
void transform_picture(const std::uint8_t* pixels, int height, int width, const Transform& transform,
                       const Normalisation& normalisation, float* out);

// The same for an array of floats, 3 x height x width in and out, not normalised.
void transform_array(const float* planes, int height, int width, const Transform& transform, float* out);

// Throws Error naming the range that is out of bounds.
void check_ranges(const AugmentRanges& ranges);

}  // namespace palimpsest::data
