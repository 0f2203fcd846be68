#include "data/landmark_regions.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace palimpsest::data {

namespace {

constexpr double kRadius = 0.25;  // in distances between the eyes, as all lengths here

// The disc on the picture's left is midway between two landmarks, moved away from the middle of the face and down; the
// one on its right mirrors it. Of the points only those that both schemes have.
struct Place {
  int unit;
  std::array<std::size_t, 2> left, right;
  double outward, down;
};
constexpr std::array<Place, 18> places{{
    {1, {21, 21}, {22, 22}, 0, -0.12},     // above the inner ends of the brows
    {2, {18, 18}, {25, 25}, 0, -0.12},     // above their outer ends
    {4, {20, 21}, {22, 23}, -0.08, 0.05},  // between the brows
    {5, {37, 38}, {43, 44}, 0, -0.03},     // upper lids
    {6, {40, 41}, {46, 47}, 0.1, 0.35},    // cheeks below the eyes
    {7, {40, 41}, {46, 47}, 0, 0},         // lower lids
    {9, {28, 39}, {28, 42}, 0, 0},         // sides of the nose's root
    {10, {31, 49}, {35, 53}, 0, 0},        // between the nostrils and the upper lip
    {12, {48, 48}, {54, 54}, 0.1, -0.12},  // outside and above the mouth's corners
    {14, {48, 48}, {54, 54}, 0.12, 0},     // beside them
    {15, {48, 48}, {54, 54}, 0, 0.15},     // below them
    {16, {58, 58}, {56, 56}, 0, 0.05},     // lower lip
    {17, {8, 57}, {8, 57}, 0, 0},          // chin boss
    {20, {48, 48}, {54, 54}, 0.2, 0.05},   // beside the mouth's corners, in the cheeks
    {23, {49, 59}, {53, 55}, 0, 0},        // the lips' outer parts
    {25, {50, 58}, {52, 56}, 0, 0},        // the gap between the lips
    {26, {7, 58}, {9, 56}, 0, 0},          // jaw
    {43, {37, 40}, {43, 46}, 0, 0},        // eyes
}};

Point mean_of(std::span<const Point> points) {
  Point mean;
  for (const Point& p : points) mean.x += p.x / double(points.size()), mean.y += p.y / double(points.size());
  return mean;
}

// The axis from the eye on the picture's left to the other one.
Point between_eyes(std::span<const Point> landmarks) {
  const Point left = mean_of(landmarks.subspan(36, 6)), right = mean_of(landmarks.subspan(42, 6));
  return {right.x - left.x, right.y - left.y};
}

}  // namespace

bool has_landmark_regions(std::span<const Point> landmarks) {
  if (landmarks.size() != 68 && landmarks.size() != 66) return false;
  const Point axis = between_eyes(landmarks);
  return std::hypot(axis.x, axis.y) > 0;
}

std::vector<float> landmark_region(std::span<const Point> landmarks, int unit, const Box& box, int width, int height) {
  PALIMPSEST_REQUIRE(has_landmark_regions(landmarks), "{} landmarks", landmarks.size());
  const auto place = std::ranges::find(places, unit, &Place::unit);
  if (place == places.end()) return {};
  const Point axis = between_eyes(landmarks);
  const auto centre = [&](const std::array<std::size_t, 2>& of, double along) {
    const Point &a = landmarks[of[0]], &b = landmarks[of[1]];
    return Point{(a.x + b.x) / 2 + along * axis.x - place->down * axis.y,
                 (a.y + b.y) / 2 + along * axis.y + place->down * axis.x};
  };
  const std::array<Point, 2> centres{centre(place->left, -place->outward), centre(place->right, place->outward)};
  const double radius = kRadius * std::hypot(axis.x, axis.y);
  std::vector<float> mask;
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column) {
      const double x = box.left + (column + 0.5) / width * (box.right - box.left);
      const double y = box.top + (row + 0.5) / height * (box.bottom - box.top);
      mask.push_back(
          std::ranges::any_of(centres, [&](const Point& c) { return std::hypot(x - c.x, y - c.y) <= radius; }));
    }
  return mask;
}

}  // namespace palimpsest::data
