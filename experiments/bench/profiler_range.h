#pragma once
#include <string>

namespace palimpsest::experiments {

// A named range on the time line of a profiler (NVTX: nsys and ncu show it) while it exists. Nothing where no profiler
// listens, or where the CUDA toolkit was not installed at build time.
class ProfilerRange {
 public:
  explicit ProfilerRange(const std::string& name);
  ~ProfilerRange();
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
};

}  // namespace palimpsest::experiments
