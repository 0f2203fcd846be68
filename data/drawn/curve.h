#pragma once
#include <cmath>
#include <span>
#include <vector>

#include "data/image.h"

namespace palimpsest::data::drawn {

// Face space: the origin is midway between the pupils, the unit is their distance, x points to the right of the
// picture, y down. Side 0 is the left of the picture (the subject's right), side 1 its right.
using Curve = std::vector<Point>;

inline Point operator+(Point a, Point b) {
  return {a.x + b.x, a.y + b.y};
}
inline Point operator-(Point a, Point b) {
  return {a.x - b.x, a.y - b.y};
}
inline Point operator*(double k, Point a) {
  return {k * a.x, k * a.y};
}
inline double length(Point a) {
  return std::hypot(a.x, a.y);
}
inline Point mix(Point a, Point b, double t) {
  return a + t * (b - a);
}
inline double sign_of(int side) {
  return side == 0 ? -1.0 : 1.0;
}

// Catmull-Rom spline through all control points, `steps` points per piece (and the last control point if open).
Curve smooth(std::span<const Point> control, int steps, bool closed = false);
Curve reversed(Curve curve);
Curve operator+(Curve head, const Curve& tail);  // concatenated
Point at(const Curve& curve, double t);          // t from 0 to 1 over the control points, linear between them

// (1 - r^2)^2 for r < 1, else 0: a smooth bump with compact support.
inline double bump(double r2) {
  return r2 < 1 ? (1 - r2) * (1 - r2) : 0;
}

}  // namespace palimpsest::data::drawn
