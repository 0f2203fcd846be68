#include "lrp/heatmap.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/expect_error.h"

namespace palimpsest::lrp {
namespace {

Heatmap map_of(std::vector<float> values) {
  return {int(values.size()), 1, std::move(values)};
}
std::array<int, 3> pixel(const data::Image& image, int x) {
  return {image.at(x, 0)[0], image.at(x, 0)[1], image.at(x, 0)[2]};
}

TEST(Heatmap, ChannelsAreSummed) {
  const std::vector<float> relevance{1, 2, 3, 4, 10, 20, 30, 40, -100, 0, 0, 1};
  const Heatmap map = sum_channels(relevance, 2, 2);
  EXPECT_EQ(map.values, (std::vector<float>{-89, 22, 33, 45}));
  EXPECT_EQ(map.total(), 11);
}

TEST(Heatmap, MinMaxSaysWhereZeroLies) {
  const auto got = normalised(map_of({-1, 0, 3}), MapNormalisation::min_max);
  EXPECT_EQ(got.map.values, (std::vector<float>{0, 0.25F, 1}));
  EXPECT_EQ(got.zero, 0.25);
}

TEST(Heatmap, MaxAbsKeepsZeroInTheMiddle) {
  const auto got = normalised(map_of({-1, 0, 4}), MapNormalisation::max_abs);
  EXPECT_EQ(got.map.values, (std::vector<float>{0.375F, 0.5F, 1}));
  EXPECT_EQ(got.zero, 0.5);
}

TEST(Heatmap, FlatMapsAreGrey) {
  for (const auto kind : {MapNormalisation::min_max, MapNormalisation::max_abs})
    EXPECT_EQ(normalised(map_of({0, 0}), kind).map.values, (std::vector<float>{0.5F, 0.5F}));
}

TEST(Heatmap, SharesKeepTheSignOfRelevance) {
  const Heatmap a = map_of({1, 3}), b = map_of({1, -3});  // b explains a negative logit
  EXPECT_EQ(difference_of_shares(a, b).values, (std::vector<float>{0.25F - 0.5F, 0.75F + 1.5F}));
  EXPECT_EQ(normalised(b, MapNormalisation::share).map.values, (std::vector<float>{0.5F, 0}));
}

TEST(Heatmap, DivergingIsWhiteAtZeroRedAboveBlueBelow) {
  const data::Image image = diverging(map_of({-2, 0, 2}));
  EXPECT_GT(pixel(image, 0)[2], pixel(image, 0)[0]);
  EXPECT_EQ(pixel(image, 1)[0], pixel(image, 1)[2]);
  EXPECT_GT(pixel(image, 1)[0], 240);
  EXPECT_GT(pixel(image, 2)[0], pixel(image, 2)[2]);
}

TEST(Heatmap, SequentialRisesInLightness) {
  std::vector<float> ramp;
  for (int i = 0; i <= 100; ++i) ramp.push_back(float(i) / 100);
  const data::Image image = sequential(map_of(ramp));
  double last = -1;
  for (int x = 0; x <= 100; ++x) {
    const auto p = pixel(image, x);
    const double lightness = 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2];
    EXPECT_GE(lightness, last) << x;
    last = lightness;
  }
}

}  // namespace
}  // namespace palimpsest::lrp
