#include "experiments/bench/timing.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/interrupt.h"

namespace palimpsest::experiments {

double median_seconds(Device& device, int repeats, const std::function<void()>& run) {
  constexpr double kLeast = 0.1;
  const Tensor marker = device.make({1, 1}, Layout::matrix);
  const auto once = [&] {
    check_interrupt();
    const auto start = std::chrono::steady_clock::now();
    run();
    device.download(marker);  // a device works in order, so this waits for all earlier work
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  once();
  std::vector<double> seconds;
  for (double total = 0; int(seconds.size()) < repeats || total < kLeast; total += seconds.back())
    seconds.push_back(once());
  std::nth_element(seconds.begin(), seconds.begin() + std::ptrdiff_t(seconds.size() / 2), seconds.end());
  return seconds[seconds.size() / 2];
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024;
}

}  // namespace palimpsest::experiments
