#include "data/drawn/face.h"

#include <algorithm>
#include <cmath>

#include "data/drawn/camera.h"
#include "data/drawn/paint.h"

namespace palimpsest::data::drawn {

namespace {

// Small pictures are drawn at about 200 pixels, so that lines thinner than a pixel are weighed rather than lost.
int oversampling(int width, int height) {
  const int size = std::min(width, height);
  return size <= 72 ? 3 : size <= 240 ? 2 : 1;
}

void paint_lips(const Canvas& canvas, const Sitter& sitter) {
  const Shape& shape = sitter.shape;
  const Curve top = sitter.pose(smooth(shape[lip_top], 4) + reversed(smooth(shape[inner_top], 4)));
  const Curve low = sitter.pose(smooth(shape[lip_bottom], 4) + reversed(smooth(shape[inner_bottom], 4)));
  canvas.fill(top, scaled(sitter.face.lip, .86), .92);
  canvas.fill(low, sitter.face.lip, .92);
}

Box box_round(const std::vector<Point>& points, int width, int height) {
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (Point p : points) {
    left = std::min(left, p.x), right = std::max(right, p.x);
    top = std::min(top, p.y), bottom = std::max(bottom, p.y);
  }
  const double w = right - left, h = bottom - top;
  return {std::max(0.0, std::floor(left - .04 * w)), std::max(0.0, std::floor(top - .18 * h)),
          std::min(double(width), std::ceil(right + .04 * w)), std::min(double(height), std::ceil(bottom + .04 * h))};
}

}  // namespace

DrawnFace draw_face(const Identity& identity, const Expression& expression, const Scene& scene, int width, int height) {
  const int factor = oversampling(width, height);
  const Pose pose(scene, width * factor, height * factor);
  const Shape shape = deform(neutral_shape(identity), expression);
  const Sitter sitter{identity, expression, shape, pose, scene};
  const Canvas canvas(width * factor, height * factor);
  const Canvas skin(width * factor, height * factor, CAIRO_FORMAT_A8);
  paint_background(canvas, scene);
  paint_behind(canvas, sitter);
  paint_skin(canvas, skin, sitter);
  paint_lips(canvas, sitter);
  Relief relief(width * factor, height * factor, pose);
  model_skin(relief, sitter);
  relief.shade(canvas, skin, scene);
  paint_nose(canvas, sitter);
  paint_eyes(canvas, sitter);
  paint_mouth(canvas, sitter);
  paint_brows(canvas, sitter);
  paint_hair(canvas, sitter);
  paint_glasses(canvas, sitter);

  DrawnFace drawn{photograph(canvas, factor, scene), {}, {}};
  for (Point p : landmarks68(shape)) drawn.landmarks.push_back((1.0 / factor) * pose(p));
  drawn.box = box_round(drawn.landmarks, width, height);
  return drawn;
}

}  // namespace palimpsest::data::drawn
