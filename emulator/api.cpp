#include "api.h"

#include <fmt/format.h>

#include <utility>

#include "report.h"
#include "simt/runtime_api.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

std::recursive_mutex& mutex() {
  static auto* instance = new std::recursive_mutex;  // outlives static destructors
  return *instance;
}

cudaError_t sticky_error = cudaSuccess;
const char* executing = nullptr;

struct UncheckedLaunch {
  const char* kernel = nullptr;
  std::source_location site;
  cudaError_t error = cudaSuccess;
};
thread_local UncheckedLaunch unchecked;
thread_local cudaError_t last_error = cudaSuccess;

}  // namespace

ApiCall::ApiCall(const char* name) : lock_(mutex()) {
  if (executing)
    finding("misuse", fmt::format("{} is called by {}, which runs in a stream; CUDA forbids this", name, executing));
  require_checked_launch(name);
  refused_ = sticky_error;
}

cudaError_t failed(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}
void set_sticky(cudaError_t error) {
  sticky_error = error;
}
cudaError_t sticky() {
  return sticky_error;
}
void clear_sticky() {
  sticky_error = cudaSuccess;
}

void launch_to_check(const char* kernel, std::source_location site, cudaError_t error) {
  unchecked = {kernel, site, error};
  if (error != cudaSuccess) last_error = error;
}

void require_checked_launch(const char* next_call) {
  if (!unchecked.kernel) return;
  finding(
      "unchecked launch",
      fmt::format("kernel {} was launched at {} ({}) and {} came next: the statement after a launch must be its check",
                  unchecked.kernel, text(unchecked.site), cudaGetErrorName(unchecked.error), next_call));
}

Executing::Executing(const char* what) {
  executing = what;
}
Executing::~Executing() {
  executing = nullptr;
}

}  // namespace palimpsest::simt

using namespace palimpsest::simt;

cudaError_t cudaGetLastError() {
  unchecked.kernel = nullptr;
  if (sticky() != cudaSuccess) return sticky();
  return std::exchange(last_error, cudaSuccess);
}

cudaError_t cudaPeekAtLastError() {
  unchecked.kernel = nullptr;
  return sticky() != cudaSuccess ? sticky() : last_error;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define NAME(value) \
  case value:       \
    return #value
    NAME(cudaSuccess);
    NAME(cudaErrorInvalidValue);
    NAME(cudaErrorMemoryAllocation);
    NAME(cudaErrorInitializationError);
    NAME(cudaErrorInvalidConfiguration);
    NAME(cudaErrorInvalidHostPointer);
    NAME(cudaErrorInvalidDevicePointer);
    NAME(cudaErrorInvalidMemcpyDirection);
    NAME(cudaErrorInsufficientDriver);
    NAME(cudaErrorInvalidDeviceFunction);
    NAME(cudaErrorNoDevice);
    NAME(cudaErrorInvalidDevice);
    NAME(cudaErrorNoKernelImageForDevice);
    NAME(cudaErrorInvalidResourceHandle);
    NAME(cudaErrorIllegalState);
    NAME(cudaErrorNotReady);
    NAME(cudaErrorIllegalAddress);
    NAME(cudaErrorLaunchOutOfResources);
    NAME(cudaErrorAssert);
    NAME(cudaErrorLaunchFailure);
    NAME(cudaErrorNotPermitted);
    NAME(cudaErrorNotSupported);
    NAME(cudaErrorStreamCaptureUnsupported);
    NAME(cudaErrorStreamCaptureInvalidated);
    NAME(cudaErrorStreamCaptureMerge);
    NAME(cudaErrorStreamCaptureUnmatched);
    NAME(cudaErrorStreamCaptureUnjoined);
    NAME(cudaErrorStreamCaptureIsolation);
    NAME(cudaErrorStreamCaptureImplicit);
    NAME(cudaErrorCapturedEvent);
    NAME(cudaErrorStreamCaptureWrongThread);
    NAME(cudaErrorGraphExecUpdateFailure);
    NAME(cudaErrorInvalidClusterSize);
    NAME(cudaErrorUnknown);
#undef NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInitializationError:
      return "initialization error";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorInvalidHostPointer:
      return "invalid host pointer";
    case cudaErrorInvalidDevicePointer:
      return "invalid device pointer";
    case cudaErrorInvalidMemcpyDirection:
      return "invalid copy direction for memcpy";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorInvalidDeviceFunction:
      return "invalid device function";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorNoKernelImageForDevice:
      return "no kernel image is available for execution on the device";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
    case cudaErrorIllegalState:
      return "the operation cannot be performed in the present state";
    case cudaErrorNotReady:
      return "device not ready";
    case cudaErrorIllegalAddress:
      return "an illegal memory access was encountered";
    case cudaErrorLaunchOutOfResources:
      return "too many resources requested for launch";
    case cudaErrorAssert:
      return "device-side assert triggered";
    case cudaErrorLaunchFailure:
      return "unspecified launch failure";
    case cudaErrorNotPermitted:
      return "operation not permitted";
    case cudaErrorNotSupported:
      return "operation not supported";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
    case cudaErrorStreamCaptureMerge:
      return "operation would result in a merge of separate capture sequences";
    case cudaErrorStreamCaptureUnmatched:
      return "capture was not ended in the same stream as it began";
    case cudaErrorStreamCaptureUnjoined:
      return "capturing stream has unjoined work";
    case cudaErrorStreamCaptureIsolation:
      return "dependency created on uncaptured work in another stream";
    case cudaErrorStreamCaptureImplicit:
      return "operation would make the legacy stream depend on a capturing blocking stream";
    case cudaErrorCapturedEvent:
      return "operation not permitted on an event last recorded in a capturing stream";
    case cudaErrorStreamCaptureWrongThread:
      return "attempt to terminate a thread-local capture sequence from another thread";
    case cudaErrorGraphExecUpdateFailure:
      return "the graph update was not performed because it included changes which violated constraints";
    case cudaErrorInvalidClusterSize:
      return "an invalid cluster size was specified";
    case cudaErrorUnknown:
      return "unknown error";
  }
  return "unrecognized error code";
}
