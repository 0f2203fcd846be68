#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "experiments/bench/statistics.h"
#include "ops/device.h"

namespace palimpsest::experiments {

// When enough runs were made: the least number of samples, and then either the 95 % interval of the median is at most
// this part of it, or the time for one figure is over.
struct Limits {
  int repeats = 5;
  double interval = 0.02;
  double seconds = 0.3;
  bool cold = true;  // measure with cold caches too
};

// One figure.
struct Figure {
  Summary seconds;           // of one run
  int runs_of_a_sample = 1;  // samples of short runs are means over several in a row
};

struct Measured {
  std::optional<Figure> warm;  // right after another run of the same
  std::optional<Figure> cold;  // after the device has overwritten twice what its last-level cache holds
  std::optional<Error> error;  // it could not run
};

// Times work on one device by the device's own clock (ops/timer.h). Several samples are enqueued before the first is
// waited for, so that the host launches one while the GPU runs another. Two waits remain in the figures: work that
// waits for a result of its own, such as a relevance denominator, and warm kernels that are shorter than a launch.
class Stopwatch {
 public:
  explicit Stopwatch(Device& device) : device_(device), cache_bytes_(device.info().cache_bytes) {}

  // Seconds of one run, in each of `samples` samples of `runs` in a row. An untimed run goes first where it is `led`.
  std::vector<double> warm(const std::function<void()>& run, int samples, int runs, bool led);
  // Seconds of single runs, each on cold caches.
  std::vector<double> cold(const std::function<void()>& run, int samples);

 private:
  std::vector<double> timed(int samples, const std::function<void(Timer&)>& sample);
  void empty_cache();

  Device& device_;
  std::size_t cache_bytes_;
  std::vector<std::unique_ptr<Timer>> timers_;
  Tensor overwritten_;
};

struct Contender {
  std::string name;  // of the range that a profiler shows
  Stopwatch& on;
  std::function<void()> run;
};

// Every contender in turn, a few samples of each at a time, because clocks drift. The first run of each, which makes
// plans and packs weights, is not counted.
std::vector<Measured> measure_in_turn(std::span<const Contender> contenders, const Limits& limits);

}  // namespace palimpsest::experiments
