#pragma once
#include <array>

#include "data/drawn/curve.h"
#include "data/drawn/identity.h"

namespace palimpsest::data::drawn {

// The moving lines of a face. Paired ones are stored once per side, from the nose outwards, so that mirrored rules can
// be written once. `_0` is the left of the picture, `_1` its right.
enum Line {
  jaw,           // 17 points, ear to ear
  bridge,        // 4, downwards
  nostrils,      // 5, left to right
  lip_top,       // 7, left corner to right corner, outer edge
  lip_bottom,    // 7
  inner_top,     // 7, inner edge
  inner_bottom,  // 7
  brow_0,
  brow_1,  // 5, lower edge's middle line
  upper_lid_0,
  upper_lid_1,  // 9, inner to outer corner
  lower_lid_0,
  lower_lid_1,  // 9
  crease_0,
  crease_1,  // 7, the fold of the upper lid
  line_count
};
inline Line brow(int side) {
  return Line(brow_0 + side);
}
inline Line upper_lid(int side) {
  return Line(upper_lid_0 + side);
}
inline Line lower_lid(int side) {
  return Line(lower_lid_0 + side);
}
inline Line crease(int side) {
  return Line(crease_0 + side);
}

// What a displacement moves.
enum Part : unsigned {
  part_jaw = 1,
  part_nose = 2,
  part_upper_lip = 4,
  part_lower_lip = 8,
  part_brow = 16,
  part_upper_lid = 32,
  part_lower_lid = 64,
  part_crease = 128,
  part_lips = part_upper_lip | part_lower_lip,
};
Part part_of(Line line);

struct Shape {
  std::array<Curve, line_count> lines;
  std::array<Point, 2> iris{Point{-.5, 0}, Point{.5, 0}};
  double iris_radius = .12;
  double mouth_line = 1.08;  // where the lips meet at rest; the upper teeth end here
  double jaw_drop = 0;       // how far the lower teeth and the chin have moved down
  double nose_width = 1, nose_length = 1;

  const Curve& operator[](Line line) const { return lines[std::size_t(line)]; }
  Curve& operator[](Line line) { return lines[std::size_t(line)]; }
  Point eye(int side) const { return {sign_of(side) * .5, 0}; }
  Point outer_canthus(int side) const { return (*this)[upper_lid(side)].back(); }
  Point mouth_corner(int side) const { return side == 0 ? (*this)[lip_top].front() : (*this)[lip_top].back(); }
  Point mouth() const { return {0, mouth_line}; }
  Point chin() const { return (*this)[jaw][8]; }
  Point nose_tip() const { return {0, (*this)[nostrils][2].y - .13}; }
  Point nose_wing(int side) const;
};

Shape neutral_shape(const Identity& face);

// The 68 points of the usual scheme (iBUG 300-W order), in face space.
std::array<Point, 68> landmarks68(const Shape& shape);

}  // namespace palimpsest::data::drawn
