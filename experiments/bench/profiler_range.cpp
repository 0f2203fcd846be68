#include "experiments/bench/profiler_range.h"

#ifdef PALIMPSEST_NVTX  // set by CMake for this file alone
#include <nvtx3/nvToolsExt.h>
#endif

namespace palimpsest::experiments {

#ifdef PALIMPSEST_NVTX
ProfilerRange::ProfilerRange(const std::string& name) {
  nvtxRangePushA(name.c_str());
}
ProfilerRange::~ProfilerRange() {
  nvtxRangePop();
}
#else
ProfilerRange::ProfilerRange(const std::string&) {}
ProfilerRange::~ProfilerRange() = default;
#endif

}  // namespace palimpsest::experiments
