#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/case_tests.h"
#include "tests/support/guarded.h"

// Every operation on every device against the reference, from the list of cases.
namespace palimpsest {
namespace {

using reference::Result;

constexpr double kDirect = 2;    // c of the rule; measured: 1.2 at most (SGD), convolutions .6
constexpr double kWinograd = 6;  // F(4x4, 3x3) transforms by numbers up to 8 and 1/24; measured: 2.4 at most

// A Winograd tile is rounded as one, so each value is bounded by the largest sum of its tile: 4x4 values of an
// activation, 3x3 of a kernel.
void widen_to_tiles(Result& result, const Shape& s, int tile) {
  const auto at = [&](int plane, int y, int x) {
    return (std::size_t(plane) * std::size_t(s.h) + std::size_t(y)) * std::size_t(s.w) + std::size_t(x);
  };
  const auto narrow = result.absolute;
  for (int plane = 0; plane < s.n * s.c; ++plane)
    for (int y = 0; y < s.h; ++y)
      for (int x = 0; x < s.w; ++x)
        for (int v = y / tile * tile; v < std::min(s.h, (y / tile + 1) * tile); ++v)
          for (int u = x / tile * tile; u < std::min(s.w, (x / tile + 1) * tile); ++u)
            result.absolute[at(plane, y, x)] = std::max(result.absolute[at(plane, y, x)], narrow[at(plane, v, u)]);
}

// The rule, written as the condition to pass, so that NaN fails.
bool meets(double got, double value, double allowed) {
  return std::isfinite(got) && std::abs(got - value) <= allowed;
}

template <typename Number>
void compare(const std::vector<Number>& got, const Result& expected, double unit, const std::string& what) {
  ASSERT_EQ(got.size(), expected.value.size()) << what;
  int wrong = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double allowed = unit * std::sqrt(expected.length) * expected.absolute[i];
    if (meets(double(got[i]), expected.value[i], allowed)) continue;
    const bool unbounded =
        !expected.condition.empty() && unit * std::sqrt(expected.length) * expected.condition[i] > 0.5;
    if (unbounded && std::isfinite(got[i])) continue;
    if (++wrong <= 3)
      ADD_FAILURE() << what << "[" << i << "]: " << got[i] << ", reference " << expected.value[i] << ", allowed "
                    << allowed;
  }
  EXPECT_EQ(wrong, 0) << what << ": values out of " << got.size();
}

bool all_zero(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
}

// Padding lanes must be zero again: the device sums everything it stores, padding included.
void expect_clean_padding(Device& device, const Tensor& tensor, const std::vector<float>& values) {
  double sum = 0, absolute = 0;
  for (const float v : values) sum += double(v), absolute += std::abs(double(v));
  const double got = device.sum(tensor);
  EXPECT_TRUE(meets(got, sum, 1e-12 * absolute)) << "padding lanes hold " << got - sum;
}

class Parity : public testing::TestWithParam<DeviceCase> {
 protected:
  void run(Numbers numbers) {
    const OpCase& one = GetParam().one;
    const TestDevice& by = GetParam().device;
    SCOPED_TRACE(numbers == Numbers::random ? "random" : "integers");
    std::vector<Guarded> guards;
    auto op = one.prepare(*device_, numbers, [&](const Shape& shape, Layout layout) {
      return guards.emplace_back(make_guarded(*device_, shape, layout)).tensor;
    });
    op.run();
    auto expected = one.expected(numbers);
    const bool winograd = one.layer && by.winograd(*device_, *one.layer, one.pass);
    if (winograd) widen_to_tiles(expected[0], op.outputs[0].shape, one.pass == LayerPass::backward_weights ? 3 : 4);
    const bool exact = numbers == Numbers::small_integers && one.exact_on_integers && !winograd;
    const double factor = exact ? 0 : winograd ? kWinograd : kDirect;
    const double unit = factor * (one.rounds_factors ? by.unit : kUnit32);
    ASSERT_EQ(expected.size(), op.outputs.size() + (op.scalars->empty() ? 0 : 1));
    for (std::size_t i = 0; i < op.outputs.size(); ++i) {
      const auto got = device_->download(op.outputs[i]);
      compare(got, expected[i], unit, "output " + std::to_string(i));
      EXPECT_TRUE(one.may_be_zero || got.size() < 8 || !all_zero(got)) << "output " << i << " is all zero";
      expect_clean_padding(*device_, op.outputs[i], got);
    }
    if (!op.scalars->empty()) compare(*op.scalars, expected.back(), unit, "scalar");
    for (const auto& guarded : guards) EXPECT_EQ(broken_guards(*device_, guarded), 0);
  }
  std::unique_ptr<Device> device_ = GetParam().device.make();
};

TEST_P(Parity, Agrees) {
  for (const auto numbers : {Numbers::small_integers, Numbers::random}) run(numbers);
}

INSTANTIATE_TEST_SUITE_P(Cases, Parity, testing::ValuesIn(device_cases()), [](const auto& on) {
  return test_name(on.param.device) + "__" + test_name(on.param.one.name);
});

class Plans : public testing::TestWithParam<TestDevice> {
 protected:
  std::unique_ptr<Device> device_ = GetParam().make();
};

// A plan that has run once gives the same bits again, and follows its weights when they change.
TEST_P(Plans, RepeatThemselvesAndFollowTheirWeights) {
  for (const auto& shape : convolution_test_shapes()) {
    auto plan = device_->plan_layer(shape);
    const auto make = [&](int stream, const Shape& s, Layout layout) {
      return case_tensor(*device_, "repeat", stream, s, layout, Numbers::random);
    };
    const Tensor x = make(0, shape.input(), Layout::activation), w = make(1, shape.weights(), Layout::kernel);
    const Tensor b = make(2, {1, shape.k}, Layout::channels), y = device_->make(shape.output(), Layout::activation);
    const auto forward = [&] {
      plan->forward(x, w, b, false, y);
      return device_->download(y);
    };
    const auto first = forward();
    EXPECT_EQ(first, forward());
    device_->fill(w, 0);
    device_->fill(b, 1);
    const auto constant = forward();
    EXPECT_TRUE(std::all_of(constant.begin(), constant.end(), [](float v) { return v == 1; }));
    device_->upload(w, case_numbers("repeat", 1, shape.weights().count(), Numbers::random));
    device_->upload(b, case_numbers("repeat", 2, shape.k, Numbers::random));
    EXPECT_EQ(first, forward());
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, Plans, testing::ValuesIn(test_devices()),
                         [](const auto& one) { return test_name(one.param); });

}  // namespace
}  // namespace palimpsest
