#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "tests/support/test_devices.h"

// NaN and infinity must stay visible, or be detected where they would be hidden.
namespace palimpsest {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

class NotFinite : public testing::TestWithParam<TestDevice> {
 protected:
  std::unique_ptr<Device> device_ = GetParam().make();
};

TEST_P(NotFinite, WinsEveryMaxPool) {
  auto plan = device_->plan_max_pool({1, 1, 2, 2});
  const Tensor x = device_->make({1, 1, 2, 2}, Layout::activation), y = device_->make({1, 1, 1, 1}, Layout::activation);
  const Tensor winner = device_->make({1, 1, 1, 1}, Layout::winners),
               dx = device_->make({1, 1, 2, 2}, Layout::activation);
  const Tensor dy = device_->make({1, 1, 1, 1}, Layout::activation);
  device_->fill(dy, 3);
  for (std::size_t at = 0; at < 4; ++at)
    for (const float other : {0.0F, kInf, -kInf}) {
      std::vector<float> values(4, other);
      values[at] = kNan;
      device_->upload(x, values);
      plan->forward(x, y, winner);
      EXPECT_TRUE(std::isnan(device_->download(y)[0])) << at;
      plan->backward(dy, winner, {}, dx);
      EXPECT_EQ(device_->download(dx)[at], 3);
    }
}

// A NaN shows in its own channel's mean and nowhere else; relevance of NaN is NaN even at an input of 0.
TEST_P(NotFinite, ShowsInTheAverage) {
  const Shape in{2, 17, 3, 5};
  const Tensor x = device_->make(in, Layout::activation), dx = device_->make(in, Layout::activation);
  const Tensor y = device_->make({2, 17}, Layout::matrix);
  std::vector<float> values(std::size_t(in.count()));
  values[15 * 20 + 7] = kNan;  // of the second image's fourth channel
  device_->upload(x, values);
  device_->average_pool(x, y);
  auto means = device_->download(y);
  for (std::size_t i = 0; i < means.size(); ++i) EXPECT_EQ(std::isnan(means[i]), i == 20) << i;
  device_->fill(x, 0);
  device_->average_pool_backward(y, x, dx);
  const auto relevance = device_->download(dx);
  for (std::size_t i = 0; i < relevance.size(); ++i) EXPECT_EQ(std::isnan(relevance[i]), i / 15 == 20) << i;
}

// The SGD pass checks value and gradient of each parameter, and does not change the bad ones.
TEST_P(NotFinite, IsFoundBySgdAndByTheNorm) {
  const Shape shapes[] = {{17, 3, 3, 3}, {1, 17}, {5, 9}};
  const Layout layouts[] = {Layout::kernel, Layout::channels, Layout::matrix};
  for (const bool momentum : {false, true})
    for (int bad = 0; bad < 3; ++bad)
      for (const float value : {kNan, kInf, -kInf})
        for (const bool in_gradient : {false, true}) {
          std::vector<SgdParameter> parameters;
          for (int i = 0; i < 3; ++i) {
            SgdParameter p{device_->make(shapes[i], layouts[i]), device_->make(shapes[i], layouts[i]), {}};
            if (momentum) p.velocity = device_->make(shapes[i], layouts[i]);
            device_->fill(p.value, 1);
            device_->fill(p.gradient, 1);
            parameters.push_back(p);
          }
          const Tensor& poisoned =
              in_gradient ? parameters[std::size_t(bad)].gradient : parameters[std::size_t(bad)].value;
          auto values = device_->download(poisoned);
          values.back() = value;
          device_->upload(poisoned, values);
          const auto norm = device_->gradient_norm(parameters);
          EXPECT_EQ(norm.not_finite, in_gradient ? bad : -1);
          EXPECT_EQ(device_->sgd_step(parameters, {0.5, momentum ? 0.5 : 0.0, 0, 1}).get(), bad);
          auto after = device_->download(parameters[std::size_t(bad)].value);
          EXPECT_EQ(after.front(), 0.5F);
          if (in_gradient) {
            EXPECT_EQ(after.back(), 1);
          } else {
            EXPECT_FALSE(std::isfinite(after.back()));
          }
        }
}

// With clipping the scale of every gradient depends on all of them: none is used.
TEST_P(NotFinite, AClippedStepThenChangesNothing) {
  std::vector<SgdParameter> parameters;
  for (int i = 0; i < 2; ++i) {
    parameters.push_back({device_->make({1, 3}, Layout::matrix), device_->make({1, 3}, Layout::matrix), {}});
    device_->fill(parameters.back().value, 1);
    device_->fill(parameters.back().gradient, 1);
  }
  device_->upload(parameters[1].gradient, std::vector<float>{1, kNan, 1});
  EXPECT_EQ(device_->sgd_step(parameters, {.rate = 0.5, .clip_norm = 1}).get(), 1);
  for (const SgdParameter& p : parameters) EXPECT_EQ(device_->download(p.value), std::vector<float>(3, 1));
  device_->fill(parameters[1].gradient, 1);
  EXPECT_EQ(device_->sgd_step(parameters, {.rate = 0.5, .clip_norm = 1}).get(), -1) << "what was found is forgotten";
  EXPECT_LT(device_->download(parameters[0].value)[0], 1);
}

// Results of three steps, read in another order than they were enqueued.
TEST_P(NotFinite, EachStepHasAResultOfItsOwn) {
  const Tensor value = device_->make({1, 3}, Layout::matrix), gradient = device_->make({1, 3}, Layout::matrix);
  const std::vector<SgdParameter> parameters{{value, gradient, {}}};
  std::vector<Pending<int>> results;
  for (const float g : {1.0F, kNan, 2.0F}) {
    device_->fill(gradient, g);
    results.push_back(device_->sgd_step(parameters, {.rate = 1}));
  }
  EXPECT_EQ(results[2].get(), -1);
  EXPECT_EQ(results[1].get(), 0);
  EXPECT_EQ(results[0].get(), -1);
}

TEST_P(NotFinite, IsFoundWhenAnUpdateOverflows) {
  const Tensor value = device_->make({1, 3}, Layout::matrix), gradient = device_->make({1, 3}, Layout::matrix);
  device_->fill(value, 3e38F);
  device_->fill(gradient, -3e38F);
  EXPECT_EQ(device_->sgd_step(std::vector<SgdParameter>{{value, gradient, {}}}, {1, 0, 0, 1}).get(), 0);
  EXPECT_EQ(device_->download(value)[0], 3e38F);
}

TEST_P(NotFinite, ShowsInSumsAndInTheSmallestInput) {
  for (const auto& shape : {Conv2dShape{2, 17, 3, 3, 9}, Conv2dShape{1, 16, 1, 1, 8}}) {
    const auto plan = device_->plan_layer(shape);
    const Tensor x = device_->make(shape.input(), Layout::activation), r = device_->make(x.shape, x.layout);
    const Tensor s = device_->make(shape.output(), Layout::activation),
                 w = device_->make(shape.weights(), Layout::kernel);
    const Scalars two = device_->make_scalars(2);
    const auto of_redistribution = [&](const Tensor& by) {
      plan->relevance_redistribute({.terms = {{.weights = w}}, .x = x, .sums = two}, by, r);
      return device_->read(two, 2);
    };
    auto values = std::vector<float>(std::size_t(x.shape.count()), 1.0F);
    for (const std::size_t at : {std::size_t{0}, values.size() / 2, values.size() - 1}) {
      values[at] = kNan;
      device_->upload(x, values);
      EXPECT_TRUE(std::isnan(device_->sum(x)));
      EXPECT_TRUE(std::isnan(of_redistribution(s)[1]));
      values[at] = 1;
    }
  }
}

TEST_P(NotFinite, PassesThroughTheLinearRelu) {
  auto plan = device_->plan_layer(LinearShape{1, 2, 3});
  const Tensor x = device_->make({1, 2}, Layout::matrix), w = device_->make({3, 2}, Layout::matrix);
  const Tensor b = device_->make({1, 3}, Layout::matrix), y = device_->make({1, 3}, Layout::matrix);
  device_->upload(x, std::vector{1.0F, kNan});
  device_->fill(w, 1);
  plan->forward(x, w, b, true, y);
  for (const float v : device_->download(y)) EXPECT_TRUE(std::isnan(v));
}

TEST_P(NotFinite, WrongShapesAreRefused) {
  auto plan = device_->plan_layer(Conv2dShape{1, 3, 4, 4, 8});
  const Tensor x = device_->make({1, 3, 4, 4}, Layout::activation), w = device_->make({8, 3, 3, 3}, Layout::kernel);
  const Tensor b = device_->make({1, 8}, Layout::channels), y = device_->make({1, 8, 4, 4}, Layout::activation);
  EXPECT_NO_THROW(plan->forward(x, w, b, true, y));
  EXPECT_THROW(plan->forward(y, w, b, true, y), ContractError);
  EXPECT_THROW(plan->forward(x, device_->make({8, 3, 3, 3}, Layout::activation), b, true, y), ContractError);
  EXPECT_THROW(plan->forward(x, w, {}, true, y), ContractError);
  EXPECT_THROW(plan->forward(x, w, b, true, {y.shape, y.layout, device_->allocate(64)}), ContractError);
  EXPECT_THROW(device_->upload(x, std::vector<float>(47)), ContractError);
  EXPECT_THROW(device_->copy(x, y), ContractError);
  EXPECT_THROW(device_->average_pool(x, y), ContractError);
  EXPECT_THROW(device_->average_pool_backward(b, y, x), ContractError);
}

TEST_P(NotFinite, TensorsOfAnotherDeviceAreRefused) {
  for (const auto& device : exact_test_devices()) {
    const auto other = device.make();
    const Shape image{1, 3, 4, 4};
    const Tensor x = device_->make(image, Layout::activation), theirs = other->make(image, Layout::activation);
    const Tensor flat = device_->make({1, 48}, Layout::matrix);
    const Tensor w = device_->make({8, 3, 3, 3}, Layout::kernel), their_w = other->make({8, 3, 3, 3}, Layout::kernel);
    const Tensor b = device_->make({1, 8}, Layout::channels), y = device_->make({1, 8, 4, 4}, Layout::activation);
    auto plan = device_->plan_layer(Conv2dShape{1, 3, 4, 4, 8});
    EXPECT_THROW(plan->forward(theirs, w, b, true, y), ContractError);
    EXPECT_THROW(plan->forward(x, their_w, b, true, y), ContractError);
    EXPECT_THROW(plan->backward_data(y, their_w, {}, x), ContractError);
    EXPECT_THROW(device_->upload(theirs, std::vector<float>(48)), ContractError);
    EXPECT_THROW(device_->download(theirs), ContractError);
    EXPECT_THROW(device_->copy(theirs, x), ContractError);
    EXPECT_THROW(device_->copy(theirs, flat), ContractError);
    EXPECT_THROW(device_->copy(x, theirs), ContractError);
    EXPECT_THROW(device_->fill(theirs, 0), ContractError);
    EXPECT_THROW(plan->backward_data(y, w, theirs, x), ContractError);
    EXPECT_THROW(device_->average_pool(theirs, device_->make({1, 3}, Layout::matrix)), ContractError);
    EXPECT_THROW(device_->average_pool_backward(device_->make({1, 3}, Layout::matrix), theirs, x), ContractError);
    EXPECT_THROW(device_->map_weights(their_w, WeightMap::positive, 0, w), ContractError);
    EXPECT_THROW(device_->sum(theirs), ContractError);
    EXPECT_THROW(device_->sum(x, other->make_scalars(1)), ContractError);
    EXPECT_THROW(device_->sum(x, device_->make_scalars(1).from(1)), ContractError);
    EXPECT_THROW(device_->gradient_norm(std::vector<SgdParameter>{{w, their_w, {}}}), ContractError);
    EXPECT_THROW(device_->sgd_step(std::vector<SgdParameter>{{their_w, w, {}}}, {}), ContractError);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, NotFinite, testing::ValuesIn(exact_test_devices()),
                         [](const auto& one) { return test_name(one.param); });

}  // namespace
}  // namespace palimpsest
