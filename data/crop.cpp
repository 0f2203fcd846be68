#include "data/crop.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace palimpsest::data {

namespace {

constexpr std::size_t nose_base = 33;

bool usable(const std::vector<Point>& landmarks, int width, int height) {
  if (landmarks.size() <= nose_base) return false;
  const auto inside = std::count_if(landmarks.begin(), landmarks.end(), [&](const Point& p) {
    return p.x >= 0 && p.y >= 0 && p.x <= width && p.y <= height;
  });
  return 2 * std::size_t(inside) >= landmarks.size();
}

Box bounds(const std::vector<Point>& points) {
  Box box{points[0].x, points[0].y, points[0].x, points[0].y};
  for (const Point& p : points) {
    box.left = std::min(box.left, p.x);
    box.right = std::max(box.right, p.x);
    box.top = std::min(box.top, p.y);
    box.bottom = std::max(box.bottom, p.y);
  }
  return box;
}

Box square_round(const Box& box, double margin) {
  const double half = (0.5 + margin) * std::max(box.right - box.left, box.bottom - box.top);
  const double x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
  return {x - half, y - half, x + half, y + half};
}

bool has_area(const Box& box) {
  return box.right - box.left >= 1 && box.bottom - box.top >= 1;
}

Cropped uncut(const Sample& sample, int width, int height, const CropOptions& options) {
  if (options.crop == Crop::landmarks && usable(sample.landmarks, width, height)) {
    const Box box = square_round(bounds(sample.landmarks), options.margin);
    if (has_area(box)) return {box, Crop::landmarks};
  }
  if (options.crop != Crop::none && sample.face) {
    const Box clipped{std::max(sample.face->left, 0.0), std::max(sample.face->top, 0.0),
                      std::min(sample.face->right, double(width)), std::min(sample.face->bottom, double(height))};
    if (has_area(clipped)) return {clipped, Crop::box};
  }
  return {{0, 0, double(width), double(height)}, Crop::none};
}

}  // namespace

Cropped crop_box(const Sample& sample, int width, int height, const CropOptions& options) {
  Cropped cropped = uncut(sample, width, height, options);
  if (!options.bottom_cut) return cropped;
  const double whole = cropped.box.bottom - cropped.box.top;
  double kept = 0.6 * whole;
  if (usable(sample.landmarks, width, height)) {
    const double above_nose = sample.landmarks[nose_base].y - cropped.box.top;
    if (above_nose > 0.1 * whole && above_nose < whole) kept = above_nose;
  }
  cropped.box.bottom = cropped.box.top + kept;
  return cropped;
}

}  // namespace palimpsest::data
