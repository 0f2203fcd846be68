#include "data/landmark_regions.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace palimpsest::data {
namespace {

// A face whose eyes are 40 pixels apart at (30, 40) and (70, 40), mouth's corners at (35, 80) and (65, 80).
std::vector<Point> face() {
  std::vector<Point> points(68, {50, 60});
  for (std::size_t i = 36; i < 42; ++i) points[i] = {30, 40};
  for (std::size_t i = 42; i < 48; ++i) points[i] = {70, 40};
  points[48] = {35, 80};
  points[54] = {65, 80};
  return points;
}

const Box whole{0, 0, 100, 100};

float at(const std::vector<float>& mask, int x, int y) {
  return mask[std::size_t(y) * 100 + std::size_t(x)];
}

double area(const std::vector<float>& mask) {
  double sum = 0;
  for (const float m : mask) sum += m;
  return sum;
}

TEST(LandmarkRegions, DiscsAreWhereTheActionUnitActs) {
  const auto lids = landmark_region(face(), 7, whole, 100, 100);
  EXPECT_EQ(at(lids, 30, 40), 1);
  EXPECT_EQ(at(lids, 70, 40), 1);
  EXPECT_EQ(at(lids, 50, 40), 0);
  EXPECT_NEAR(area(lids), 2 * std::numbers::pi * 100, 12) << "two discs with a quarter of 40 as radius";
  const auto dimples = landmark_region(face(), 14, whole, 100, 100);
  EXPECT_EQ(at(dimples, 22, 80), 1) << "outside the corner, by .12 and up to .25 of 40";
  EXPECT_EQ(at(dimples, 50, 80), 0);
  const auto cheeks = landmark_region(face(), 6, whole, 100, 100);
  EXPECT_EQ(at(cheeks, 26, 54), 1) << "below the eye";
  EXPECT_EQ(at(cheeks, 26, 34), 0) << "not above it";
}

TEST(LandmarkRegions, TheyTurnWithTheFace) {
  const auto turned = [](Point p) { return Point{100 - p.y, p.x}; };  // by a right angle
  std::vector<Point> points = face();
  for (Point& p : points) p = turned(p);
  for (const int unit : {4, 6, 14, 15, 20}) {
    const auto upright = landmark_region(face(), unit, whole, 100, 100);
    const auto lying = landmark_region(points, unit, whole, 100, 100);
    int different = 0;
    for (int y = 0; y < 100; ++y)
      for (int x = 0; x < 100; ++x) different += at(upright, x, y) != at(lying, 99 - y, x) ? 1 : 0;
    EXPECT_LE(different, 4) << "AU" << unit << ", but for pixels on the rim";
  }
}

TEST(LandmarkRegions, ACropIsAPartOfTheWhole) {
  const auto all = landmark_region(face(), 12, whole, 100, 100);
  const auto part = landmark_region(face(), 12, {0, 50, 50, 100}, 50, 50);
  for (int y = 0; y < 50; ++y)
    for (int x = 0; x < 50; ++x) ASSERT_EQ(part[std::size_t(y) * 50 + std::size_t(x)], at(all, x, y + 50));
}

TEST(LandmarkRegions, BothSchemesAndNoOther) {
  std::vector<Point> points = face();
  const auto of_68 = landmark_region(points, 23, whole, 100, 100);
  points.resize(66);
  EXPECT_EQ(landmark_region(points, 23, whole, 100, 100), of_68);
  points.resize(5);
  EXPECT_FALSE(has_landmark_regions(points));
  EXPECT_FALSE(has_landmark_regions(std::vector<Point>(68, {1, 1}))) << "eyes in one place";
  EXPECT_THROW(landmark_region(points, 23, whole, 100, 100), ContractError);
  EXPECT_TRUE(landmark_region(face(), 99, whole, 100, 100).empty());
}

}  // namespace
}  // namespace palimpsest::data
