#pragma once
#include <optional>
#include <string>
#include <vector>

namespace palimpsest::experiments {

// What a GPU's clocks do, and why, as nvidia-smi says it. A figure that this GPU does not have is missing.
struct ClockState {
  std::optional<double> sm_mhz, memory_mhz, celsius, watts;
  std::vector<std::string>
      reasons;  // why clocks are not higher: "idle", "power cap", ... (NVML's clocks event reasons)
};

// Asks nvidia-smi about one GPU. After a failure it does not ask again.
class ClockReader {
 public:
  explicit ClockReader(std::string gpu_bus, int seconds = 5) : gpu_bus_(std::move(gpu_bus)), seconds_(seconds) {}
  std::optional<ClockState> read();                        // none without a GPU, or after a failure
  const std::string& problem() const { return problem_; }  // one clause; empty: none

 private:
  std::string gpu_bus_;  // DeviceInfo::gpu_bus; empty: no GPU
  int seconds_;          // that nvidia-smi may take
  std::string problem_;
};

}  // namespace palimpsest::experiments
