#include "analysis/cka.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "tests/analysis/golden_json.h"

namespace palimpsest::analysis {
namespace {

std::vector<float> noise(int rows, int columns, std::uint64_t seed) {
  Random random(seed, Purpose::test);
  std::vector<float> values;
  for (int i = 0; i < rows * columns; ++i) values.push_back(float(random.normal()));
  return values;
}

// Every row turned by a random sequence of plane rotations, scaled and moved.
std::vector<float> turned(std::vector<float> values, int columns, float scale, float shift) {
  Random random(7, Purpose::test);
  for (int turn = 0; turn < 4 * columns; ++turn) {
    const auto a = random.below(std::uint32_t(columns)), b = random.below(std::uint32_t(columns));
    const double angle = random.uniform(0, 6.28), c = std::cos(angle), s = std::sin(angle);
    if (a == b) continue;
    for (std::size_t row = 0; row < values.size(); row += std::size_t(columns)) {
      const double u = values[row + a], v = values[row + b];
      values[row + a] = float(c * u - s * v), values[row + b] = float(s * u + c * v);
    }
  }
  for (float& value : values) value = scale * value + shift;
  return values;
}

TEST(Cka, AgreesWithAnIndependentImplementation) {
  for (const auto& one : golden_json("cka")) {
    const auto x = one.at("x").get<std::vector<float>>(), y = one.at("y").get<std::vector<float>>();
    EXPECT_NEAR(debiased_cka(x, one.at("x_columns"), y, one.at("y_columns")), one.at("debiased").get<double>(), 1e-9)
        << one.at("name");
  }
}

TEST(Cka, IsOneUpToRotationScaleAndShift) {
  for (const int columns : {6, 120}) {  // through the cross-covariance, and through the Gram matrices
    const auto x = noise(80, columns, 1);
    EXPECT_NEAR(debiased_cka(x, columns, x, columns), 1, 1e-12);
    EXPECT_NEAR(debiased_cka(x, columns, turned(x, columns, 3, 0), columns), 1, 1e-5);
    EXPECT_NEAR(debiased_cka(x, columns, turned(x, columns, 0.01F, 5), columns), 1, 1e-3) << "rounding of floats";
  }
}

// 50 images, 400 independent features each: the biased estimator is dominated by the diagonals. Its value in the golden
// file is compared with the debiased one of the same features.
TEST(Cka, IsNearZeroForIndependentFeaturesWhereTheBiasedOneIsLarge) {
  double mean = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    mean += debiased_cka(noise(50, 400, 2 * seed), 400, noise(50, 400, 2 * seed + 1), 400) / 10;
  EXPECT_NEAR(mean, 0, 0.02);
  for (const auto& one : golden_json("cka"))
    if (one.at("name") == "independent, wide") {
      EXPECT_GT(one.at("biased").get<double>(), 0.8);
      EXPECT_LT(std::abs(one.at("debiased").get<double>()), 0.1);
    }
}

TEST(Cka, IsTheSameThroughTheGramMatrixAndTheCrossCovariance) {
  const auto x = noise(40, 12, 1);
  auto y = noise(40, 12, 2);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
  std::vector<float> wide;  // the same with columns of zeros, more than there are images
  for (std::size_t row = 0; row < 40; ++row) {
    wide.insert(wide.end(), x.begin() + std::ptrdiff_t(12 * row), x.begin() + std::ptrdiff_t(12 * (row + 1)));
    wide.resize(wide.size() + 50, 0);
  }
  const double narrow = debiased_cka(x, 12, y, 12);
  EXPECT_GT(narrow, 0.2);
  EXPECT_LT(narrow, 0.9);
  EXPECT_NEAR(debiased_cka(wide, 62, y, 12), narrow, 1e-12);
  EXPECT_NEAR(debiased_cka(y, 12, wide, 62), narrow, 1e-12) << "symmetric";
}

TEST(Cka, FeaturesThatDoNotVaryHaveNone) {
  const auto x = noise(40, 5, 1);
  EXPECT_TRUE(std::isnan(debiased_cka(std::vector<float>(200, 0.1F), 5, x, 5)));
  EXPECT_TRUE(std::isnan(debiased_cka(x, 5, std::vector<float>(200, 0), 5)));
}

}  // namespace
}  // namespace palimpsest::analysis
