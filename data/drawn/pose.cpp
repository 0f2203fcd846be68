#include "data/drawn/pose.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::data::drawn {

namespace {
constexpr Point face_middle{0, .37};  // appears in the middle of the picture
constexpr double picture_width = 3.3;
}  // namespace

Pose::Pose(const Scene& scene, int width, int height)
    : sin_yaw_(std::sin(scene.yaw)),
      cos_yaw_(std::cos(scene.yaw)),
      sin_pitch_(std::sin(scene.pitch)),
      cos_pitch_(std::cos(scene.pitch)),
      roll_(scene.roll),
      scale_(std::min(width, height) * scene.zoom / picture_width),
      axis_x_{scale_ * std::cos(scene.roll), scale_ * std::sin(scene.roll)},
      origin_{width / 2.0 + scale_ * scene.shift.x, height / 2.0 + scale_ * scene.shift.y} {}

double Pose::depth(Point p) {
  const double u = p.x / 1.35, v = (p.y - .15) / 2.1;
  const double head = .95 * std::sqrt(std::max(.04, 1 - u * u - v * v));
  const double across = p.x / .34, along = (p.y - .55) / (p.y < .55 ? .75 : .28);
  return head + .30 * bump(across * across) * bump(along * along) - .55;
}

Point Pose::project(Point p, double z) const {
  const double y0 = p.y - face_middle.y;
  const double x = p.x * cos_yaw_ + z * sin_yaw_, z1 = z * cos_yaw_ - p.x * sin_yaw_;
  const double y = y0 * cos_pitch_ - z1 * sin_pitch_;
  return {origin_.x + x * axis_x_.x - y * axis_x_.y, origin_.y + x * axis_x_.y + y * axis_x_.x};
}

Curve Pose::operator()(const Curve& curve) const {
  Curve posed;
  posed.reserve(curve.size());
  for (Point p : curve) posed.push_back((*this)(p));
  return posed;
}

}  // namespace palimpsest::data::drawn
