#pragma once

namespace palimpsest {

// How long a device takes for the work between start() and stop(), which are places in the order of its work: neither
// waits. On a GPU the clock is the GPU's, so that the host's own time counts only while the GPU waits for it. A timer
// measures any number of times; several may run at once. See Device::make_timer.
class Timer {
 public:
  virtual ~Timer() = default;
  virtual void start() = 0;
  virtual void stop() = 0;

  // Seconds from the last start() to the last stop(), at least 0. All work before stop() is done when it returns.
  // requires: start(), then stop()
  virtual double seconds() = 0;
};

}  // namespace palimpsest
