#include "cuda/timer.h"

#include "base/error.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

class TimedEvent {
 public:
  TimedEvent() { CUDA_CHECK(cudaEventCreate(&event_)); }
  ~TimedEvent() { ignore(cudaEventDestroy(event_)); }
  TimedEvent(const TimedEvent&) = delete;
  TimedEvent& operator=(const TimedEvent&) = delete;
  void record(const Stream& on) {
    CUDA_CHECK(cudaEventRecord(event_, on.get()));
    recorded_ = true;
  }
  bool recorded() const { return recorded_; }
  void wait() const { CUDA_CHECK(cudaEventSynchronize(event_)); }
  double seconds_since(const TimedEvent& start) const {
    float milliseconds = 0;
    CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start.event_, event_));
    return 1e-3 * double(milliseconds);
  }

 private:
  cudaEvent_t event_ = nullptr;
  bool recorded_ = false;
};

class EventTimer final : public Timer {
 public:
  explicit EventTimer(const Context& context) : stream_(context.stream) {}
  void start() override { start_.record(stream_); }
  void stop() override { stop_.record(stream_); }
  double seconds() override {
    PALIMPSEST_REQUIRE(start_.recorded() && stop_.recorded(), "a timer that was not started, then stopped");
    stop_.wait();
    const double seconds = stop_.seconds_since(start_);
    PALIMPSEST_REQUIRE(seconds >= 0, "a timer that was stopped, then started");
    return seconds;
  }

 private:
  const Stream& stream_;
  TimedEvent start_, stop_;
};

}  // namespace

std::unique_ptr<Timer> make_timer(const Context& context) {
  return std::make_unique<EventTimer>(context);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
