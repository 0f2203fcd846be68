#include "data/drawn/shape.h"

#include <algorithm>
#include <numbers>

namespace palimpsest::data::drawn {

Part part_of(Line line) {
  switch (line) {
    case jaw:
      return part_jaw;
    case bridge:
    case nostrils:
      return part_nose;
    case lip_top:
    case inner_top:
      return part_upper_lip;
    case lip_bottom:
    case inner_bottom:
      return part_lower_lip;
    case brow_0:
    case brow_1:
      return part_brow;
    case upper_lid_0:
    case upper_lid_1:
      return part_upper_lid;
    case lower_lid_0:
    case lower_lid_1:
      return part_lower_lid;
    default:
      return part_crease;
  }
}

namespace {

void shape_jaw(Shape& shape, const Identity& face) {
  constexpr std::array<Point, 9> half{{{1.075, -.05},
                                       {1.065, .24},
                                       {1.035, .54},
                                       {.965, .83},
                                       {.845, 1.10},
                                       {.665, 1.36},
                                       {.455, 1.56},
                                       {.225, 1.685},
                                       {0, 1.725}}};
  Curve& line = shape[jaw];
  line.resize(17);
  for (std::size_t i = 0; i < 9; ++i) {
    const double low = std::clamp((half[i].y - .3) / .8, 0.0, 1.0), chin = std::clamp((half[i].y - 1.2) / .4, 0.0, 1.0);
    const double width = face.face_width * (1 + (face.jaw_width - 1) * low) * (1 + (face.chin_width - 1) * chin);
    const double x = half[i].x * width,
                 y = half[i].y > 1 ? 1 + (half[i].y - 1) * (1 + 2 * (face.chin_length - 1)) : half[i].y;
    line[i] = {-x, y};
    line[16 - i] = {x, y};
  }
}

void shape_brow(Shape& shape, const Identity& face, int side) {
  constexpr std::array<Point, 5> middle{{{.20, -.345}, {.36, -.395}, {.54, -.425}, {.71, -.41}, {.86, -.335}}};
  for (std::size_t i = 0; i < 5; ++i) {
    const double arch = -.05 * (face.brow_arch - 1) * std::sin(std::numbers::pi * double(i) / 5);
    const double tilt = face.brow_tilt * (double(i) - 2);
    shape[brow(side)].push_back({sign_of(side) * middle[i].x, middle[i].y + arch + tilt + face.brow_height});
  }
}

void shape_eye(Shape& shape, const Identity& face, int side) {
  const double s = sign_of(side), w = face.eye_width;
  const auto point = [&](double t, double height) {
    return Point{s * (.5 - w + 2 * w * t), -face.eye_tilt * (t - .5) + height + .012};
  };
  for (int i = 0; i <= 8; ++i) {
    const double t = i / 8.0, arc = std::sin(std::numbers::pi * t);
    const double top = std::pow(arc, .75) * (1 + .12 * std::cos(std::numbers::pi * t));
    const double low = std::pow(arc, .85) * (1 - .15 * std::cos(std::numbers::pi * t));
    shape[upper_lid(side)].push_back(point(t, -.112 * face.eye_opening * top));
    shape[lower_lid(side)].push_back(point(t, .092 * face.eye_opening * low));
  }
  for (int i = 0; i <= 6; ++i) {
    const double t = -.02 + 1.06 * i / 6.0, arc = std::sin(std::numbers::pi * std::clamp(t, 0.0, 1.0));
    shape[crease(side)].push_back(point(t, -.02 - (.112 * face.eye_opening + .05) * std::pow(arc, .7)));
  }
}

void shape_nose(Shape& shape, const Identity& face) {
  const double base = .70 * face.nose_length, w = .20 * face.nose_width;
  for (int i = 0; i < 4; ++i) shape[bridge].push_back({0, -.04 + (base - .10) * i / 3.0});
  shape[nostrils] = {{-w, base - .05}, {-.5 * w, base - .005}, {0, base + .02}, {.5 * w, base - .005}, {w, base - .05}};
  shape.nose_width = face.nose_width;
  shape.nose_length = face.nose_length;
}

void shape_mouth(Shape& shape, const Identity& face) {
  const double y = 1.09 + face.mouth_height, w = face.mouth_width, up = .098 * face.upper_lip,
               low = .135 * face.lower_lip;
  shape.mouth_line = y;
  constexpr std::array<double, 7> x{-1, -.64, -.24, 0, .24, .64, 1};
  constexpr std::array<double, 7> top{0, .60, 1.0, .84, 1.0, .60, 0}, bottom{0, .62, .95, 1.0, .95, .62, 0};
  for (std::size_t i = 0; i < 7; ++i) {
    const double corner = -face.resting_corner * x[i] * x[i], bow = .010 * (1 - x[i] * x[i]);
    shape[lip_top].push_back({w * x[i], y + corner - up * top[i]});
    shape[lip_bottom].push_back({w * x[i], y + corner + low * bottom[i]});
    shape[inner_top].push_back({.96 * w * x[i], y + corner + bow});
    shape[inner_bottom].push_back({.96 * w * x[i], y + corner + bow});
  }
}

}  // namespace

Point Shape::nose_wing(int side) const {
  return (*this)[nostrils][side == 0 ? 0 : 4];
}

Shape neutral_shape(const Identity& face) {
  Shape shape;
  shape.iris_radius = face.iris_radius;
  shape_jaw(shape, face);
  shape_nose(shape, face);
  shape_mouth(shape, face);
  for (int side : {0, 1}) {
    shape_brow(shape, face, side);
    shape_eye(shape, face, side);
  }
  return shape;
}

std::array<Point, 68> landmarks68(const Shape& shape) {
  std::array<Point, 68> points;
  std::size_t n = 0;
  const auto add = [&](Point p) { points[n++] = p; };
  for (Point p : shape[jaw]) add(p);
  for (std::size_t i = 0; i < 5; ++i) add(shape[brow_0][4 - i]);
  for (Point p : shape[brow_1]) add(p);
  for (Point p : shape[bridge]) add(p);
  for (Point p : shape[nostrils]) add(p);
  const auto eye = [&](int side, std::array<double, 2> t) {  // outer or inner corner first, then round by the top
    const Curve &top = shape[upper_lid(side)], &low = shape[lower_lid(side)];
    const bool outer_first = side == 0;
    add(outer_first ? top.back() : top.front());
    add(at(top, t[0]));
    add(at(top, t[1]));
    add(outer_first ? top.front() : top.back());
    add(at(low, t[1]));
    add(at(low, t[0]));
  };
  eye(0, {2.0 / 3, 1.0 / 3});
  eye(1, {1.0 / 3, 2.0 / 3});
  for (Point p : shape[lip_top]) add(p);
  for (std::size_t i = 5; i >= 1; --i) add(shape[lip_bottom][i]);
  add(shape[inner_top][0]);
  for (std::size_t i : {2, 3, 4}) add(shape[inner_top][i]);
  add(shape[inner_top][6]);
  for (std::size_t i : {4, 3, 2}) add(shape[inner_bottom][i]);
  return points;
}

}  // namespace palimpsest::data::drawn
