#include "data/crop.h"

#include <algorithm>
#include <cmath>

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
  if (options.bottom_cut == BottomCut::stretch) cropped.box.bottom = cut_line(sample, cropped.box, width, height);
  return cropped;
}

double cut_line(const Sample& sample, const Box& box, int width, int height) {
  const double whole = box.bottom - box.top;
  if (usable(sample.landmarks, width, height)) {
    const double nose = sample.landmarks[nose_base].y;
    if (nose - box.top > 0.1 * whole && nose < box.bottom) return nose;
  }
  return box.top + 0.6 * whole;
}

void blank_below(Image& image, double y) {
  for (int row = int(std::clamp(std::floor(y), 0.0, double(image.height))); row < image.height; ++row)
    for (int x = 0; x < image.width; ++x) std::copy(blank_colour.begin(), blank_colour.end(), image.at(x, row));
}

}  // namespace palimpsest::data
