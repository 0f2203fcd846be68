#pragma once
#include <array>

namespace palimpsest {

// Where the pixels of a transformed picture come from, in rows and columns:
//   (row, column) of the original = linear * (row, column) + offset,   linear = [0 1; 2 3]
// in double, clamped to the picture (its edge is repeated), bilinear in between; after it the columns are mirrored
// where `flip` is set. Without `affine` only the mirror is applied, and every value is the original's, bit by bit.
struct PixelMap {
  std::array<double, 4> linear{1, 0, 0, 1};
  std::array<double, 2> offset{0, 0};
  bool affine = false;
  bool flip = false;
};

}  // namespace palimpsest
