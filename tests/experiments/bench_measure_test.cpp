#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/bench/measure.h"
#include "tests/support/counting_device.h"
#include "tests/support/cpu_device.h"

// How samples are taken, on a device whose clock says what the test wants.
namespace palimpsest::experiments {
namespace {

class ScriptedDevice final : public CountingDevice {
 public:
  explicit ScriptedDevice(Device& inner) : CountingDevice(inner) {}
  std::unique_ptr<Timer> make_timer() override { return std::make_unique<ScriptedTimer>(*this); }
  std::vector<double> times;  // in turn, again and again

 private:
  class ScriptedTimer final : public Timer {
   public:
    explicit ScriptedTimer(ScriptedDevice& device) : device_(device) {}
    void start() override {}
    void stop() override {}
    double seconds() override { return device_.times[device_.next_++ % device_.times.size()]; }

   private:
    ScriptedDevice& device_;
  };
  std::size_t next_ = 0;
};

class BenchMeasure : public testing::Test {
 protected:
  BenchMeasure() { device_.times = {0.001}; }
  // The letter of each run goes to runs_.
  Contender contender(char letter) {
    return {std::string(1, letter), watch_, [this, letter] { runs_ += letter; }};
  }
  Measured measured(const Limits& limits) {
    const Contender one = contender('a');
    return measure_in_turn({&one, 1}, limits).front();
  }

  std::unique_ptr<Device> cpu_ = cpu_device();
  ScriptedDevice device_{*cpu_};
  Stopwatch watch_{device_};
  std::string runs_;
};

constexpr double kForever = 1e9;

TEST_F(BenchMeasure, EqualSamplesEndAsSoonAsTheyHaveAnInterval) {
  const Measured m = measured({.repeats = 6, .interval = 0, .seconds = kForever, .cold = false});
  ASSERT_TRUE(m.warm && !m.cold && !m.error);
  EXPECT_EQ(m.warm->seconds.samples, 6u);
  EXPECT_EQ(m.warm->seconds.median, 0.001);
  EXPECT_EQ(m.warm->seconds.noise, 0);
  EXPECT_EQ(m.warm->runs_of_a_sample, 1);
  // Five have none, so that eight more follow.
  EXPECT_EQ(measured({.repeats = 5, .interval = 0, .seconds = kForever, .cold = false}).warm->seconds.samples, 13u);
}

TEST_F(BenchMeasure, NoisySamplesGoOnToTheLimits) {
  device_.times = {0.001, 0.002};
  EXPECT_EQ(measured({.repeats = 20, .interval = 0.02, .seconds = 0, .cold = false}).warm->seconds.samples, 20u);
  EXPECT_EQ(measured({.repeats = 8, .interval = 0.02, .seconds = kForever, .cold = false}).warm->seconds.samples,
            1000u);
}

TEST_F(BenchMeasure, ShortRunsAreTakenTogether) {
  device_.times = {1e-5};
  const Measured m = measured({.repeats = 1, .interval = 0, .seconds = 0, .cold = false});
  EXPECT_EQ(m.warm->runs_of_a_sample, 20);
  EXPECT_DOUBLE_EQ(m.warm->seconds.median, 1e-5 / 20);
  EXPECT_EQ(runs_.size(), 2u + 1 + 20) << "plans, estimate, lead, sample";
}

TEST_F(BenchMeasure, LongRunsAreNotWasted) {
  device_.times = {10};
  const Measured m = measured({.repeats = 3, .interval = 0, .seconds = 0, .cold = false});
  EXPECT_EQ(m.warm->seconds.samples, 3u);
  EXPECT_EQ(runs_.size(), 4u) << "plans and three samples";
}

TEST_F(BenchMeasure, ColdRunsAreSinglyAfterTheCacheIsOverwritten) {
  device_.times = {1e-5};
  const Measured m = measured({.repeats = 7, .interval = 0, .seconds = 0, .cold = true});
  EXPECT_EQ(m.cold->seconds.samples, 7u);
  EXPECT_EQ(m.cold->runs_of_a_sample, 1);
  EXPECT_EQ(m.cold->seconds.median, 1e-5);
  EXPECT_EQ(device_.count("fill"), 7);
  EXPECT_EQ(device_.count("allocate"), 1);
}

TEST_F(BenchMeasure, ContendersRunInTurn) {
  const std::vector<Contender> both{contender('a'), contender('b')};
  const auto all = measure_in_turn(both, {.repeats = 20, .interval = 0, .seconds = 0, .cold = false});
  EXPECT_EQ(all[0].warm->seconds.samples, 20u);
  EXPECT_EQ(all[1].warm->seconds.samples, 20u);
  // Plans and estimates; a lead and 8 samples, twice; a lead and 4.
  EXPECT_EQ(runs_,
            "aabb"
            "aaaaaaaaabbbbbbbbb"
            "aaaaaaaaabbbbbbbbb"
            "aaaaabbbbb");
}

TEST_F(BenchMeasure, AFailureLeavesTheOthersAlone) {
  int runs = 0;
  const std::vector<Contender> both{{"fails later", watch_,
                                     [&] {
                                       if (++runs > 5) throw Error("broken", "repair it");
                                     }},
                                    contender('b')};
  const auto all = measure_in_turn(both, {.repeats = 20, .interval = 0, .seconds = 0, .cold = true});
  ASSERT_TRUE(all[0].error);
  EXPECT_STREQ(all[0].error->what(), "broken");
  EXPECT_FALSE(all[0].warm || all[0].cold);
  EXPECT_EQ(runs, 6) << "it is not tried again";
  EXPECT_EQ(all[1].warm->seconds.samples, 20u);
  EXPECT_EQ(all[1].cold->seconds.samples, 20u);
}

}  // namespace
}  // namespace palimpsest::experiments
