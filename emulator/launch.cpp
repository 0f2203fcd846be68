#include "launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "api.h"
#include "block.h"
#include "launch_record.h"
#include "memory.h"
#include "report.h"
#include "shared_memory.h"
#include "simt/launch.h"
#include "simt/runtime_api.h"
#include "simt/work.h"
#include "streams.h"

namespace palimpsest::simt {
namespace {

std::uint64_t launch_count = 0;

struct Function {
  const void* address;
  std::size_t dynamic_limit = kStaticSharedLimit;  // until cudaFuncSetAttribute raises it
  std::size_t static_bytes = 0;                    // as known from its launches
};
Function& function_at(const void* address) {
  static auto* functions = new std::deque<Function>;  // no std::map: MSan does not see libstdc++ balance its trees
  for (Function& function : *functions) {
    if (function.address == address) return function;
  }
  return functions->emplace_back(Function{address});
}

cudaError_t configuration_error(const Launch& launch) {
  const dim3& grid = launch.grid;
  const dim3& block = launch.block;
  const bool empty = grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 || block.y == 0 || block.z == 0;
  if (empty || grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535) return cudaErrorInvalidConfiguration;
  if (launch.cluster == 0 || launch.cluster > kMostClusterBlocks || grid.x % launch.cluster != 0)
    return cudaErrorInvalidClusterSize;
  if (block.x > kMaxThreads || block.y > kMaxThreads || block.z > 64) return cudaErrorInvalidConfiguration;
  if (std::uint64_t{block.x} * block.y * block.z > kMaxThreads) return cudaErrorInvalidConfiguration;
  if (launch.dynamic_shared_bytes > function_at(launch.function).dynamic_limit) return cudaErrorInvalidValue;
  return cudaSuccess;
}

[[noreturn]] void bad_argument(const Launch& launch, std::size_t i, const char* kind, const std::string& what) {
  finding(kind,
          fmt::format("argument {} of kernel {} launched at {} is {}", i + 1, launch.name, text(launch.site), what));
}

// A kernel must be able to dereference every pointer, at the call and again when the kernel starts.
void check_pointers(const Launch& launch, bool starting) {
  for (std::size_t i = 0; i < launch.pointers.size(); ++i) {
    const void* pointer = launch.pointers[i];
    if (!pointer) continue;
    const Allocation* allocation = find_allocation(pointer);
    if (!allocation)
      bad_argument(launch, i, "host pointer in a launch", fmt::format("{}, neither device nor pinned memory", pointer));
    if (allocation->state == Allocation::State::Freed) bad_argument(launch, i, "use after free", describe(pointer));
    if (allocation->state == Allocation::State::Pending && starting)
      bad_argument(launch, i, "use before allocation", describe(pointer));
  }
}

void run(const Launch& launch) {
  check_pointers(launch, true);
  ++launch_count;
  record(launch);
  if (!run_launch(launch)) set_sticky(cudaErrorLaunchFailure);
  Function& function = function_at(launch.function);
  function.static_bytes = std::max(function.static_bytes, static_shared_bytes());
}

}  // namespace

std::uint64_t launches() {
  return launch_count;
}

void submit(Launch launch) {
  const ApiCall api(launch.name);
  cudaError_t error = api.refused();
  const char* name = launch.name;
  const std::source_location site = launch.site;
  CUstream_st* stream = find_stream(launch.stream);
  if (error == cudaSuccess && !stream) error = cudaErrorInvalidResourceHandle;
  if (error == cudaSuccess) error = configuration_error(launch);
  if (error == cudaSuccess) {
    check_pointers(launch, false);
    error = append(*stream, name, [launch = std::move(launch)] { run(launch); });
  }
  launch_to_check(name, site, error);
}

}  // namespace palimpsest::simt

using namespace palimpsest::simt;

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  SIMT_API("cudaFuncSetAttribute");
  if (!function) return failed(cudaErrorInvalidDeviceFunction);
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout)  // a hint: it affects only speed
    return value < -1 || value > 100 ? failed(cudaErrorInvalidValue) : cudaSuccess;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return failed(cudaErrorInvalidValue);
  Function& known = function_at(function);
  if (value < 0 || static_cast<std::size_t>(value) + known.static_bytes > kSharedLimit)
    return failed(cudaErrorInvalidValue);
  known.dynamic_limit = static_cast<std::size_t>(value);
  return cudaSuccess;
}

// By threads, blocks and shared memory; registers are known to ptxas only.
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function, int threads,
                                                          std::size_t dynamic_shared_bytes) {
  SIMT_API("cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  if (!blocks || !function || threads < 1) return failed(cudaErrorInvalidValue);
  *blocks = 0;
  const Function& known = function_at(function);
  if (threads > kMaxThreads || dynamic_shared_bytes > known.dynamic_limit) return cudaSuccess;
  const int warps = (threads + 31) / 32;
  const std::size_t shared = dynamic_shared_bytes + known.static_bytes + kReservedShared;
  *blocks = std::min({kBlocksPerMultiprocessor, kThreadsPerMultiprocessor / (warps * 32),
                      static_cast<int>(kSharedPerMultiprocessor / shared)});
  return cudaSuccess;
}
