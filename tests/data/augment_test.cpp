#include "data/augment.h"

#include <cmath>

#include "tests/data/scratch.h"

namespace palimpsest::data {
namespace {

class KerasAugment : public testing::TestWithParam<const char*> {};

TEST_P(KerasAugment, EqualsKerasPreprocessing) {
  const Image picture = golden_picture(fmt::format("keras_augment/{}.npy", GetParam()));
  const auto parameters = read_npy(golden("keras_augment/parameters.npy"));
  ASSERT_EQ(parameters.item_size, 8);
  const auto* const p = reinterpret_cast<const double*>(parameters.bytes.data());
  const auto expected = read_npy(golden(fmt::format("keras_augment/{}_out.npy", GetParam()))).floats();
  const int h = picture.height, w = picture.width;
  const auto area = std::size_t(h) * std::size_t(w);
  std::vector<float> planes(3 * area), from_planes(3 * area), out(3 * area);
  transform_picture(picture.pixels.data(), h, w, {}, Normalisation::none(), planes.data());
  for (std::size_t i = 0; i < std::size_t(parameters.shape[0]); ++i) {
    const double* const c = p + 7 * i;
    const Transform transform{c[0], c[1], c[2], c[3], c[4], c[5], c[6] != 0};
    transform_picture(picture.pixels.data(), h, w, transform, Normalisation::none(), out.data());
    transform_array(planes.data(), h, w, transform, from_planes.data());
    float worst = 0;
    for (std::size_t at = 0; at < area; ++at)
      for (std::size_t channel = 0; channel < 3; ++channel)
        worst = std::max(worst, std::abs(out[channel * area + at] - expected[3 * (i * area + at) + channel]));
    EXPECT_LE(worst, 1e-3F) << "case " << i;
    EXPECT_EQ(out, from_planes) << "case " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, KerasAugment, testing::Values("square", "wide", "tall"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Augment, TransformsAreAFunctionOfSeedEpochAndIndex) {
  const AugmentRanges ranges;
  const auto a = draw_transform(Augmentation::keras, ranges, 64, 48, 5, 2, 17);
  const auto b = draw_transform(Augmentation::keras, ranges, 64, 48, 5, 2, 17);
  const auto c = draw_transform(Augmentation::keras, ranges, 64, 48, 5, 3, 17);
  EXPECT_EQ(a.theta, b.theta);
  EXPECT_EQ(a.zy, b.zy);
  EXPECT_NE(a.theta, c.theta);
}

TEST(Augment, TransformsStayInTheirRangesAndFillThem) {
  const AugmentRanges ranges;
  double theta = 0, tx = 0, ty = 0, shear = 0, zoom = 0;
  int flips = 0, keras_flips = 0;
  constexpr int n = 4000;
  for (int i = 0; i < n; ++i) {
    const auto t = draw_transform(Augmentation::keras, ranges, 100, 50, 1, 0, std::uint64_t(i));
    theta = std::max(theta, std::abs(t.theta));
    tx = std::max(tx, std::abs(t.tx));
    ty = std::max(ty, std::abs(t.ty));
    shear = std::max(shear, std::abs(t.shear));
    zoom = std::max({zoom, std::abs(t.zx - 1), std::abs(t.zy - 1)});
    keras_flips += t.flip;
    const auto f = draw_transform(Augmentation::flip, ranges, 100, 50, 1, 0, std::uint64_t(i));
    EXPECT_FALSE(f.affine());
    flips += f.flip;
  }
  const auto reaches = [](double got, double limit) { return got <= limit && got > 0.99 * limit; };
  EXPECT_TRUE(reaches(theta, 25)) << theta;
  EXPECT_TRUE(reaches(tx, 10)) << tx;
  EXPECT_TRUE(reaches(ty, 5)) << ty;
  EXPECT_TRUE(reaches(shear, 0.1)) << shear;
  EXPECT_TRUE(reaches(zoom, 0.1)) << zoom;
  EXPECT_NEAR(flips, n / 2, 4 * std::sqrt(n / 4.0));
  EXPECT_NEAR(keras_flips, n / 2, 4 * std::sqrt(n / 4.0));
  EXPECT_FALSE(draw_transform(Augmentation::none, ranges, 100, 50, 1, 0, 3).flip);
}

TEST(Augment, NormalisationsAreTheWeightsOwn) {
  const std::uint8_t pixel[3] = {255, 128, 0};
  float out[3];
  transform_picture(pixel, 1, 1, {}, Normalisation::torchvision(), out);
  EXPECT_NEAR(out[0], (1 - 0.485) / 0.229, 1e-6);
  EXPECT_NEAR(out[1], (128 / 255.0 - 0.456) / 0.224, 1e-6);
  EXPECT_NEAR(out[2], -0.406 / 0.225, 1e-6);
  transform_picture(pixel, 1, 1, {}, Normalisation::caffe(), out);
  EXPECT_FLOAT_EQ(out[0], -103.939F);
  EXPECT_FLOAT_EQ(out[1], 128 - 116.779F);
  EXPECT_FLOAT_EQ(out[2], 255 - 123.68F);
  transform_picture(pixel, 1, 1, {}, parse_normalisation("vggface"), out);
  EXPECT_FLOAT_EQ(out[0], -93.5940F);
  EXPECT_FLOAT_EQ(out[1], 128 - 104.7624F);
  EXPECT_FLOAT_EQ(out[2], 255 - 129.1863F);
  expect_error_with({"'imagenet'", "torchvision, caffe, vggface or none"}, [] { parse_normalisation("imagenet"); });
}

TEST(Augment, RangesAreChecked) {
  AugmentRanges ranges;
  ranges.zoom = 1;
  expect_error_with({"zoom"}, [&] { check_ranges(ranges); });
  ranges.zoom = std::nan("");
  expect_error_with({"zoom", "nan"}, [&] { check_ranges(ranges); });
}

}  // namespace
}  // namespace palimpsest::data
