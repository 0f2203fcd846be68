#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/support/expect_error.h"
#include "tests/support/test_devices.h"

// What a timer promises on every device; how long anything takes is not tested.
namespace palimpsest {
namespace {

class DeviceTimer : public testing::TestWithParam<TestDevice> {
 protected:
  std::unique_ptr<Device> device_ = GetParam().make();
};

TEST_P(DeviceTimer, AnswersWithASensibleNumberAsOftenAsItIsAsked) {
  const Tensor x = device_->make({2, 5, 6, 7}, Layout::activation);
  const auto timer = device_->make_timer();
  for (int turn = 0; turn < 3; ++turn) {
    timer->start();
    device_->fill(x, float(turn + 1));
    timer->stop();
    const double seconds = timer->seconds();
    EXPECT_TRUE(std::isfinite(seconds) && seconds >= 0) << seconds;
    EXPECT_EQ(timer->seconds(), seconds) << "asked again";
  }
  EXPECT_EQ(device_->download(x), std::vector<float>(2 * 5 * 6 * 7, 3));
}

TEST_P(DeviceTimer, TheWholeTakesNoLessThanItsParts) {
  const Tensor x = device_->make({2, 5, 6, 7}, Layout::activation);
  const auto whole = device_->make_timer(), first = device_->make_timer(), second = device_->make_timer();
  whole->start();
  for (Timer* const part : {first.get(), second.get()}) {
    part->start();
    device_->fill(x, 1);
    part->stop();
  }
  whole->stop();
  // 1e-5: a GPU's clock ticks about every half microsecond.
  EXPECT_GE(whole->seconds() + 1e-5, first->seconds() + second->seconds());
}

TEST_P(DeviceTimer, IsNotAskedBeforeItHasRun) {
  const auto timer = device_->make_timer();
  expect_error("not started, then stopped", [&] { timer->seconds(); });
  timer->start();
  expect_error("not started, then stopped", [&] { timer->seconds(); });
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceTimer, testing::ValuesIn(exact_test_devices()),
                         [](const auto& one) { return test_name(one.param); });

}  // namespace
}  // namespace palimpsest
