#include "experiments/bench/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/interrupt.h"
#include "experiments/bench/profiler_range.h"

namespace palimpsest::experiments {

namespace {

constexpr double kLeastSample = 2e-4;  // seconds; a GPU's clock has a resolution of about 5e-7
constexpr double kLong = 1e-2;         // seconds from which the host's launches no longer matter
constexpr int kMostRuns = 100;         // of a sample
constexpr int kEnqueued = 8;           // samples
constexpr std::size_t kMostSamples = 1000;

// The samples of one contender, warm or cold.
class Series {
 public:
  Series(const Contender& contender, double estimate, bool cold)
      : contender_(contender),
        cold_(cold),
        long_(estimate > kLong),
        runs_(cold ? 1 : int(std::clamp(std::ceil(kLeastSample / std::max(estimate, 1e-9)), 1.0, double(kMostRuns)))) {
    if (!cold && long_) samples_.push_back(estimate);
  }

  bool complete(const Limits& limits) const {
    if (samples_.size() < std::size_t(limits.repeats)) return false;
    if (seconds_ >= limits.seconds || samples_.size() >= kMostSamples) return true;
    return summary_of(samples_).relative_width() <= limits.interval;
  }

  void take(const Limits& limits) {
    const auto start = std::chrono::steady_clock::now();
    const int missing = limits.repeats - int(samples_.size());
    const int samples = long_ ? 1 : missing > 0 ? std::min(missing, kEnqueued) : kEnqueued;
    const auto run = [this] {
      check_interrupt();
      const ProfilerRange range(contender_.name);
      contender_.run();
    };
    const auto more = cold_ ? contender_.on.cold(run, samples) : contender_.on.warm(run, samples, runs_, !long_);
    samples_.insert(samples_.end(), more.begin(), more.end());
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  Figure figure() const { return {summary_of(samples_), runs_}; }

 private:
  const Contender& contender_;
  bool cold_, long_;
  int runs_;
  std::vector<double> samples_;
  double seconds_ = 0;  // of the host
};

// What `task` throws is the contender's result.
void attempt(Measured& measured, const std::function<void()>& task) {
  if (measured.error) return;
  try {
    task();
  } catch (const Error& error) {
    measured = {.warm = {}, .cold = {}, .error = error};
  }
}

}  // namespace

void Stopwatch::empty_cache() {
  if (overwritten_.empty()) {
    const std::size_t floats = std::max<std::size_t>(1, 2 * cache_bytes_ / sizeof(float));
    overwritten_ = device_.make({1, int(floats)}, Layout::matrix);
  }
  device_.fill(overwritten_, 0);
}

std::vector<double> Stopwatch::timed(int samples, const std::function<void(Timer&)>& sample) {
  while (timers_.size() < std::size_t(samples)) timers_.push_back(device_.make_timer());
  for (int i = 0; i < samples; ++i) sample(*timers_[std::size_t(i)]);
  std::vector<double> seconds;
  for (int i = 0; i < samples; ++i) seconds.push_back(timers_[std::size_t(i)]->seconds());
  return seconds;
}

std::vector<double> Stopwatch::warm(const std::function<void()>& run, int samples, int runs, bool led) {
  if (led) run();
  auto seconds = timed(samples, [&](Timer& timer) {
    timer.start();
    for (int i = 0; i < runs; ++i) run();
    timer.stop();
  });
  for (double& one : seconds) one /= runs;
  return seconds;
}

std::vector<double> Stopwatch::cold(const std::function<void()>& run, int samples) {
  return timed(samples, [&](Timer& timer) {
    empty_cache();
    timer.start();
    run();
    timer.stop();
  });
}

std::vector<Measured> measure_in_turn(std::span<const Contender> contenders, const Limits& limits) {
  std::vector<Measured> all(contenders.size());
  std::vector<double> estimates(contenders.size());
  for (std::size_t i = 0; i < contenders.size(); ++i)
    attempt(all[i], [&] {
      contenders[i].run();
      estimates[i] = contenders[i].on.warm(contenders[i].run, 1, 1, false).front();
    });
  for (const bool cold : {false, true}) {
    if (cold && !limits.cold) continue;
    std::vector<Series> series;
    for (std::size_t i = 0; i < contenders.size(); ++i) series.emplace_back(contenders[i], estimates[i], cold);
    for (bool going_on = true; going_on;) {
      going_on = false;
      for (std::size_t i = 0; i < contenders.size(); ++i) {
        if (all[i].error || series[i].complete(limits)) continue;
        attempt(all[i], [&] { series[i].take(limits); });
        going_on = true;
      }
    }
    for (std::size_t i = 0; i < contenders.size(); ++i)
      if (!all[i].error) (cold ? all[i].cold : all[i].warm) = series[i].figure();
  }
  return all;
}

}  // namespace palimpsest::experiments
