// The one simulated device: an sm_90 with the limits of an H100, and memory of a settable size.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "api.h"
#include "block.h"
#include "graph.h"
#include "launch.h"
#include "memory.h"
#include "shared_memory.h"
#include "simt/runtime_api.h"
#include "simt/work.h"
#include "streams.h"

namespace palimpsest::simt {
namespace {

int compute_capability = 90;

cudaDeviceProp properties() {
  cudaDeviceProp p{};
  std::strncpy(p.name, "palimpsest emulator (sm_90 on the CPU)", sizeof p.name - 1);
  p.totalGlobalMem = device_memory_size();
  p.sharedMemPerBlock = kStaticSharedLimit;
  p.regsPerBlock = p.regsPerMultiprocessor = 65536;
  p.warpSize = 32;
  p.maxThreadsPerBlock = kMaxThreads;
  p.maxThreadsDim[0] = p.maxThreadsDim[1] = kMaxThreads;
  p.maxThreadsDim[2] = 64;
  p.maxGridSize[0] = 2147483647;
  p.maxGridSize[1] = p.maxGridSize[2] = 65535;
  p.totalConstMem = 65536;
  p.major = compute_capability / 10;
  p.minor = compute_capability % 10;
  p.multiProcessorCount = 132;
  p.canMapHostMemory = p.concurrentKernels = p.unifiedAddressing = 1;
  p.asyncEngineCount = 3;
  p.memoryBusWidth = 5120;
  p.l2CacheSize = 50 << 20;
  p.maxThreadsPerMultiProcessor = kThreadsPerMultiprocessor;
  p.sharedMemPerMultiprocessor = kSharedPerMultiprocessor;
  p.maxBlocksPerMultiProcessor = kBlocksPerMultiprocessor;
  p.sharedMemPerBlockOptin = kSharedLimit;
  p.reservedSharedMemPerBlock = kReservedShared;
  return p;
}

}  // namespace

void set_compute_capability(int capability) {
  compute_capability = capability;
}

void require_nothing_left() {
  std::string left = live_allocations();
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) left += fmt::format("{}{} {}", left.empty() ? "" : ", ", count, what);
  };
  add(live_streams(), "streams");
  add(live_events(), "events");
  add(live_graphs(), "graphs or executable graphs");
  if (!left.empty()) finding("leak", left + " still exist");
}

Statistics statistics() {
  return {launches(), blocks_run(), threads_run(), switches(), allocations()};
}

}  // namespace palimpsest::simt

using namespace palimpsest::simt;

cudaError_t cudaGetDeviceCount(int* count) {
  SIMT_API("cudaGetDeviceCount");
  if (!count) return failed(cudaErrorInvalidValue);
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  SIMT_API("cudaGetDevice");
  if (!device) return failed(cudaErrorInvalidValue);
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  SIMT_API("cudaSetDevice");
  return device == 0 ? cudaSuccess : failed(cudaErrorInvalidDevice);
}
cudaError_t cudaSetDeviceFlags(unsigned flags) {
  SIMT_API("cudaSetDeviceFlags");
  constexpr unsigned known = cudaDeviceScheduleSpin | cudaDeviceScheduleYield | cudaDeviceScheduleBlockingSync;
  return flags & ~known ? failed(cudaErrorInvalidValue) : cudaSuccess;  // how the host waits has no effect here
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* result, int device) {
  SIMT_API("cudaGetDeviceProperties");
  if (!result) return failed(cudaErrorInvalidValue);
  if (device != 0) return failed(cudaErrorInvalidDevice);
  *result = properties();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  SIMT_API("cudaDeviceGetAttribute");
  if (!value) return failed(cudaErrorInvalidValue);
  if (device != 0) return failed(cudaErrorInvalidDevice);
  const cudaDeviceProp p = properties();
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = p.maxThreadsPerBlock;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(p.sharedMemPerBlock);
      return cudaSuccess;
    case cudaDevAttrWarpSize:
      *value = p.warpSize;
      return cudaSuccess;
    case cudaDevAttrMaxRegistersPerBlock:
      *value = p.regsPerBlock;
      return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      *value = p.multiProcessorCount;
      return cudaSuccess;
    case cudaDevAttrConcurrentKernels:
      *value = p.concurrentKernels;
      return cudaSuccess;
    case cudaDevAttrL2CacheSize:
      *value = p.l2CacheSize;
      return cudaSuccess;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = p.maxThreadsPerMultiProcessor;
      return cudaSuccess;
    case cudaDevAttrAsyncEngineCount:
      *value = p.asyncEngineCount;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      *value = p.major;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = p.minor;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(p.sharedMemPerMultiprocessor);
      return cudaSuccess;
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      *value = p.regsPerMultiprocessor;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(p.sharedMemPerBlockOptin);
      return cudaSuccess;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      *value = p.maxBlocksPerMultiProcessor;
      return cudaSuccess;
    case cudaDevAttrMemoryPoolsSupported:
      *value = 1;
      return cudaSuccess;
  }
  return failed(cudaErrorInvalidValue);
}

cudaError_t cudaDriverGetVersion(int* version) {
  return cudaRuntimeGetVersion(version);
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  SIMT_API("cudaRuntimeGetVersion");
  if (!version) return failed(cudaErrorInvalidValue);
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  SIMT_API("cudaMemGetInfo");
  if (!free || !total) return failed(cudaErrorInvalidValue);
  *total = device_memory_size();
  *free = *total - std::min(*total, device_memory_used());
  return cudaSuccess;
}

// Queued work is dropped, device memory freed, a sticky error forgotten. Streams and events stay.
cudaError_t cudaDeviceReset() {
  const ApiCall api("cudaDeviceReset");
  drop_queued_work();
  release_device_memory();
  clear_sticky();
  return cudaSuccess;
}
