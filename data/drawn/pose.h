#pragma once
#include "data/drawn/scene.h"

namespace palimpsest::data::drawn {

// From face space to pixels: every point gets a depth from a simple head (ellipsoid and nose), is turned by yaw and
// pitch, then rolled, scaled and shifted (weak perspective).
class Pose {
 public:
  Pose(const Scene& scene, int width, int height);

  Point operator()(Point p) const { return project(p, depth(p)); }
  Point project(Point p, double depth) const;
  Curve operator()(const Curve& curve) const;
  double scale() const { return scale_; }  // pixels per interpupillary distance
  double roll() const { return roll_; }
  static double depth(Point p);

 private:
  double sin_yaw_, cos_yaw_, sin_pitch_, cos_pitch_, roll_, scale_;
  Point axis_x_, origin_;
};

}  // namespace palimpsest::data::drawn
