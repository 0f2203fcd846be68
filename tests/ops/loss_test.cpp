#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "tests/support/test_devices.h"

namespace palimpsest {
namespace {

constexpr double kGammas[] = {0, 0.5, 1, 2, 5};

class Loss : public testing::TestWithParam<TestDevice> {
 protected:
  struct Out {
    LossResult result;
    std::vector<float> gradient;
  };
  Out run(const FocalLoss& loss, const std::vector<float>& logits, const std::vector<int>& labels) {
    const Shape shape{int(labels.size()), int(logits.size() / labels.size())};
    const Tensor z = device_->make(shape, Layout::matrix), gradient = device_->make(shape, Layout::matrix);
    device_->upload(z, logits);
    const Tensor y = device_->make({shape.n, 1}, Layout::matrix);
    device_->upload(y, std::vector<float>(labels.begin(), labels.end()));
    device_->focal_loss(loss, z, y, &gradient);
    const auto result = device_->loss_result().get();
    device_->focal_loss(loss, z, y, nullptr);
    const auto alone = device_->loss_result().get();
    EXPECT_TRUE(alone.loss == result.loss || std::isnan(result.loss));
    return {result, device_->download(gradient)};
  }
  std::unique_ptr<Device> device_ = GetParam().make();
};

// Central differences in double of the reference's loss, from p near 0 to p near 1.
TEST_P(Loss, GradientIsTheCentralDifference) {
  for (const double gamma : kGammas)
    for (const float lead : {-30.0F, -8.0F, -1.0F, 0.0F, 1.0F, 8.0F, 30.0F}) {
      const FocalLoss loss{gamma, {0.5F, 2, 1}};
      const std::vector<float> logits{0.3F, lead, -0.2F, 1.1F, -0.4F, 0.9F};
      const std::vector<int> labels{1, 0};
      const auto got = run(loss, logits, labels);
      reference::Values z(logits.begin(), logits.end());
      double scale = 0;
      for (const float g : got.gradient) scale = std::max(scale, double(std::abs(g)));
      for (std::size_t i = 0; i < z.size(); ++i) {
        const double h = 1e-5, kept = z[i];
        z[i] = kept + h;
        const double above = reference::focal_loss(loss, 3, z, labels).loss;
        z[i] = kept - h;
        const double below = reference::focal_loss(loss, 3, z, labels).loss;
        z[i] = kept;
        EXPECT_NEAR(got.gradient[i], (above - below) / (2 * h), 1e-6 * scale + 1e-9)
            << "gamma " << gamma << " lead " << lead;
      }
    }
}

// The closed form at the ends, where differences of floats vanish: d = z_label - z_other, two classes.
TEST_P(Loss, KeepsItsDigitsWhereTheLabelIsNearlyCertain) {
  for (const double gamma : kGammas)
    for (const float d : {10.0F, 20.0F, 40.0F, 80.0F}) {
      const auto got = run({gamma, {}}, {d, 0}, {0});
      const double rest = 1 / (1 + std::exp(double(d))), log_p = std::log1p(-rest);
      const double expected =
          (gamma == 0 ? 0 : gamma * (1 - rest) * std::pow(rest, gamma) * log_p) - std::pow(rest, gamma) * rest;
      EXPECT_TRUE(std::isfinite(got.gradient[0]));
      EXPECT_NEAR(got.gradient[0], expected, 1e-5 * std::abs(expected) + 1e-44) << "gamma " << gamma << " d " << d;
      EXPECT_NEAR(got.result.loss, -std::pow(rest, gamma) * log_p, 1e-5 * std::pow(rest, gamma + 1) + 1e-15);
    }
}

TEST_P(Loss, StaysFiniteWithHugeLogits) {
  for (const double gamma : kGammas) {
    const auto wrong = run({gamma, {}}, {1e4F, -1e4F, 0}, {1});
    EXPECT_NEAR(wrong.result.loss, 2e4, 1e-2);
    EXPECT_NEAR(wrong.gradient[0], 1, 1e-6);
    EXPECT_NEAR(wrong.gradient[1], -1, 1e-6);
    EXPECT_EQ(wrong.gradient[2], 0);
    const auto right = run({gamma, {}}, {1e4F, -1e4F, 0}, {0});
    EXPECT_EQ(right.result.loss, 0);
    EXPECT_EQ(right.result.correct, 1);
    for (const float g : right.gradient) EXPECT_EQ(g, 0);
  }
}

TEST_P(Loss, DoesNotHideWhatIsNotFinite) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (const double gamma : kGammas)
    for (const auto& logits :
         {std::vector{nan, 1.0F, 2.0F}, {1.0F, nan, 2.0F}, {1.0F, 2.0F, nan}, {inf, 1.0F, 2.0F}, {1.0F, 2.0F, inf}})
      for (int label = 0; label < 3; ++label)
        EXPECT_FALSE(std::isfinite(run({gamma, {}}, logits, {label}).result.loss));
}

TEST_P(Loss, CountsTheFirstOfEqualLogits) {
  EXPECT_EQ(run({}, {1, 1, 0, 0, 1, 1}, {0, 2}).result.correct, 1);
  EXPECT_EQ(run({}, {1, 1, 0, 0, 1, 1}, {1, 1}).result.correct, 1);
}

TEST_P(Loss, IsNotANumberWhereALabelIsNoClass) {
  for (const int label : {2, -1}) {
    const auto got = run({}, {1, 2, 1, 2}, {0, label});
    EXPECT_TRUE(std::isnan(got.result.loss)) << label;
    EXPECT_TRUE(std::isnan(got.gradient[2]) && std::isnan(got.gradient[3])) << label;
    EXPECT_TRUE(std::isfinite(got.gradient[0])) << label;
  }
}

TEST_P(Loss, RefusesWeightsThatDoNotFit) {
  EXPECT_THROW(run({0, {1, 2, 3}}, {1, 2}, {0}), ContractError);
}

INSTANTIATE_TEST_SUITE_P(Devices, Loss, testing::ValuesIn(exact_test_devices()),
                         [](const auto& one) { return test_name(one.param); });

}  // namespace
}  // namespace palimpsest
