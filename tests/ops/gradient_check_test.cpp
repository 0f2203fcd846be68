#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/test_devices.h"

// Gradients of every operation as central differences of sum(dy * f(x)), f being the reference in double. The parity
// tests compare with the reference's own backward passes; this test holds for those too.
namespace palimpsest {
namespace {

using reference::Values;

class GradientCheck : public testing::TestWithParam<TestDevice> {
 protected:
  static double dot(const Values& a, const Values& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }
  static void expect_differences(const std::vector<float>& gradient, Values at,
                                 const std::function<double(const Values&)>& f, const std::string& what) {
    double scale = 0;
    for (const float g : gradient) scale = std::max(scale, double(std::abs(g)));
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double kept = at[i], h = 1e-6;
      at[i] = kept + h;
      const double above = f(at);
      at[i] = kept - h;
      const double below = f(at);
      at[i] = kept;
      ASSERT_NEAR(gradient[i], (above - below) / (2 * h), 3e-6 * scale) << what << "[" << i << "]";
    }
  }
  Tensor make(int stream, const Shape& shape, Layout layout) {
    return case_tensor(*device_, "gradient check", stream, shape, layout, Numbers::random);
  }
  static Values values(int stream, const Shape& shape) {
    return case_values("gradient check", stream, shape.count(), Numbers::random);
  }
  std::unique_ptr<Device> device_ = GetParam().make();
};

TEST_P(GradientCheck, Convolution) {
  for (const Conv2dShape s : {Conv2dShape{2, 3, 5, 4, 2}, Conv2dShape{1, 17, 2, 3, 5}, Conv2dShape{1, 1, 1, 1, 3}}) {
    auto plan = device_->plan_conv2d(s);
    const Tensor x = make(0, s.input(), Layout::activation), w = make(1, s.kernel(), Layout::kernel);
    const Tensor dy = make(3, s.output(), Layout::activation);
    const Tensor dx = device_->make(s.input(), Layout::activation), dw = device_->make(s.kernel(), Layout::kernel);
    const Tensor db = device_->make({1, s.k}, Layout::channels);
    plan->backward_data(dy, w, dx);
    plan->backward_weights(x, dy, dw, db);
    const Values xv = values(0, s.input()), wv = values(1, s.kernel()), bv = values(2, {1, s.k}),
                 dyv = values(3, s.output());
    const auto f = [&](const Values& a, const Values& b, const Values& c) {
      return dot(dyv, reference::conv2d_forward(s, a, b, c, false).value);
    };
    expect_differences(device_->download(dx), xv, [&](const Values& v) { return f(v, wv, bv); }, "dx");
    expect_differences(device_->download(dw), wv, [&](const Values& v) { return f(xv, v, bv); }, "dw");
    expect_differences(device_->download(db), bv, [&](const Values& v) { return f(xv, wv, v); }, "db");
  }
}

TEST_P(GradientCheck, Linear) {
  for (const LinearShape s : {LinearShape{3, 7, 5}, LinearShape{1, 1, 1}, LinearShape{2, 19, 1}}) {
    auto plan = device_->plan_linear(s);
    const Tensor x = make(0, s.input(), Layout::matrix), w = make(1, s.weights(), Layout::matrix);
    const Tensor dy = make(3, s.output(), Layout::matrix);
    const Tensor dx = device_->make(s.input(), Layout::matrix), dw = device_->make(s.weights(), Layout::matrix);
    const Tensor db = device_->make({1, s.outputs}, Layout::matrix);
    plan->backward_data(dy, w, dx);
    plan->backward_weights(x, dy, dw, db);
    const Values xv = values(0, s.input()), wv = values(1, s.weights()), bv = values(2, {1, s.outputs}),
                 dyv = values(3, s.output());
    const auto f = [&](const Values& a, const Values& b, const Values& c) {
      return dot(dyv, reference::linear_forward(s, a, b, c, false).value);
    };
    expect_differences(device_->download(dx), xv, [&](const Values& v) { return f(v, wv, bv); }, "dx");
    expect_differences(device_->download(dw), wv, [&](const Values& v) { return f(xv, v, bv); }, "dw");
    expect_differences(device_->download(db), bv, [&](const Values& v) { return f(xv, wv, v); }, "db");
  }
}

// ReLU, then max-pool, as in the network: the pool's backward pass takes the ReLU's step as well.
TEST_P(GradientCheck, ReluThenMaxPool) {
  const Shape in{2, 5, 5, 6}, out{2, 5, 2, 3};
  auto plan = device_->plan_max_pool(in);
  const Values xv = values(0, in), dyv = values(1, out);
  std::vector<float> positive(xv.begin(), xv.end());
  for (auto& v : positive) v = std::max(v, 0.0F);
  const Tensor x = device_->make(in, Layout::activation), y = device_->make(out, Layout::activation);
  const Tensor winner = device_->make(out, Layout::winners), dx = device_->make(in, Layout::activation);
  device_->upload(x, positive);
  plan->forward(x, y, winner);
  plan->backward(make(1, out, Layout::activation), winner, y, dx);
  expect_differences(
      device_->download(dx), xv,
      [&](Values v) {
        for (auto& one : v) one = std::max(one, 0.0);
        return dot(dyv, reference::max_pool(in, v).value);
      },
      "dx");
}

TEST_P(GradientCheck, Relu) {
  const Shape s{2, 5, 3, 3};
  const Values xv = values(0, s), dyv = values(1, s);
  std::vector<float> positive(xv.begin(), xv.end());
  for (auto& v : positive) v = std::max(v, 0.0F);
  const Tensor y = device_->make(s, Layout::activation), gradient = make(1, s, Layout::activation);
  device_->upload(y, positive);
  device_->relu_backward(y, gradient);
  expect_differences(
      device_->download(gradient), xv,
      [&](Values v) {
        for (auto& one : v) one = std::max(one, 0.0);
        return dot(dyv, v);
      },
      "dx");
}

INSTANTIATE_TEST_SUITE_P(Devices, GradientCheck, testing::ValuesIn(exact_test_devices()),
                         [](const auto& one) { return test_name(one.param); });

}  // namespace
}  // namespace palimpsest
