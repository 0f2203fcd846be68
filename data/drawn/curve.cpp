#include "data/drawn/curve.h"

#include <algorithm>

namespace palimpsest::data::drawn {

namespace {
Point catmull_rom(Point a, Point b, Point c, Point d, double t) {
  const double t2 = t * t, t3 = t2 * t;
  return 0.5 * ((2.0 * b) + t * (c - a) + t2 * (2.0 * a - 5.0 * b + 4.0 * c - d) + t3 * (3.0 * b - a - 3.0 * c + d));
}
}  // namespace

Curve smooth(std::span<const Point> control, int steps, bool closed) {
  const int n = int(control.size());
  if (n < 3 && !closed) return Curve(control.begin(), control.end());
  const auto point = [&](int i) { return control[std::size_t(closed ? (i + n) % n : std::clamp(i, 0, n - 1))]; };
  Curve curve;
  curve.reserve(std::size_t(n * steps + 1));
  for (int i = 0; i < (closed ? n : n - 1); ++i)
    for (int k = 0; k < steps; ++k)
      curve.push_back(catmull_rom(point(i - 1), point(i), point(i + 1), point(i + 2), double(k) / steps));
  if (!closed) curve.push_back(control.back());
  return curve;
}

Curve reversed(Curve curve) {
  std::reverse(curve.begin(), curve.end());
  return curve;
}

Curve operator+(Curve head, const Curve& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

Point at(const Curve& curve, double t) {
  const double place = std::clamp(t, 0.0, 1.0) * double(curve.size() - 1);
  const std::size_t i = std::min(std::size_t(place), curve.size() - 2);
  return mix(curve[i], curve[i + 1], place - double(i));
}

}  // namespace palimpsest::data::drawn
