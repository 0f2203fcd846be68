// Streams and events of the runtime.
#include <algorithm>

#include "api.h"
#include "graph.h"
#include "handle_set.h"
#include "simt/runtime_api.h"
#include "streams.h"

namespace palimpsest::simt {
namespace {

Handles<cudaEvent_t>& events() {
  static auto* instance = new Handles<cudaEvent_t>;
  return *instance;
}
bool exists(cudaEvent_t event) {
  return events().contains(event);
}

cudaError_t create_stream(cudaStream_t* stream, unsigned flags) {
  if (!stream || flags > cudaStreamNonBlocking) return failed(cudaErrorInvalidValue);
  *stream = add_stream(flags == cudaStreamDefault);
  return cudaSuccess;
}

// A capturing stream has nothing for the host to wait for.
cudaError_t host_wait_error(const CUstream_st& stream) {
  if (!stream.capture) return forbidden_in_capture();
  stream.capture->invalid = true;
  return cudaErrorStreamCaptureUnsupported;
}

}  // namespace

void forget_capture(const Capture* capture) {
  for (cudaEvent_t event : events()) {
    if (event->capture != capture) continue;
    event->capture = nullptr;
    event->nodes.clear();
  }
}

std::size_t live_events() {
  return events().size();
}

}  // namespace palimpsest::simt

using namespace palimpsest::simt;

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  SIMT_API("cudaStreamCreate");
  return create_stream(stream, cudaStreamDefault);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  SIMT_API("cudaStreamCreateWithFlags");
  return create_stream(stream, flags);
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  SIMT_API("cudaStreamCreateWithPriority");
  return create_stream(stream, flags);  // priorities do not affect which orders are legal
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  SIMT_API("cudaDeviceGetStreamPriorityRange");
  if (least) *least = 0;
  if (greatest) *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  SIMT_API("cudaStreamDestroy");
  CUstream_st* stream = handle ? find_stream(handle) : nullptr;
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (stream->capture) return failed(cudaErrorStreamCaptureUnsupported);
  stream->destroyed = true;  // queued work still runs, as on the device
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  SIMT_API("cudaStreamSynchronize");
  CUstream_st* stream = find_stream(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = host_wait_error(*stream); error != cudaSuccess) return failed(error);
  finish(*stream);
  return sticky();
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  SIMT_API("cudaStreamQuery");
  CUstream_st* stream = find_stream(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = host_wait_error(*stream); error != cudaSuccess) return failed(error);
  run_one();
  return idle(*stream) ? sticky() : cudaErrorNotReady;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned flags) {
  SIMT_API("cudaStreamWaitEvent");
  CUstream_st* stream = find_stream(handle);
  if (!stream || !exists(event)) return failed(cudaErrorInvalidResourceHandle);
  if (flags != 0) return failed(cudaErrorInvalidValue);
  if (stream->capture || event->capture) return failed(capture_wait(*stream, *event));
  if (!event->record || event->record->done) return cudaSuccess;
  return failed(append(*stream, "cudaStreamWaitEvent", nullptr, event->record));
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* user_data) {
  SIMT_API("cudaLaunchHostFunc");
  CUstream_st* stream = find_stream(handle);
  if (!stream || !function) return failed(cudaErrorInvalidValue);
  return failed(append(*stream, "a host function", [=] { function(user_data); }));
}

cudaError_t cudaDeviceSynchronize() {
  SIMT_API("cudaDeviceSynchronize");
  if (const cudaError_t error = forbidden_in_capture(); error != cudaSuccess) return failed(error);
  finish_everything();
  return sticky();
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  SIMT_API("cudaEventCreate");
  if (!event || (flags & ~unsigned{cudaEventBlockingSync | cudaEventDisableTiming}))
    return failed(cudaErrorInvalidValue);
  *event = new CUevent_st;
  (*event)->timing = !(flags & cudaEventDisableTiming);
  events().insert(*event);
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  SIMT_API("cudaEventDestroy");
  if (events().erase(event) == 0) return failed(cudaErrorInvalidResourceHandle);
  delete event;  // waiting operations hold its record
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  SIMT_API("cudaEventRecord");
  CUstream_st* stream = find_stream(handle);
  if (!stream || !exists(event)) return failed(cudaErrorInvalidResourceHandle);
  event->capture = stream->capture;
  event->nodes = stream->tail;
  if (stream->capture) return stream->capture->invalid ? failed(cudaErrorStreamCaptureInvalidated) : cudaSuccess;
  auto record = std::make_shared<Record>();
  event->record = record;
  return failed(append(*stream, "cudaEventRecord", [record] {
    record->done = true;
    record->time = std::chrono::steady_clock::now();
  }));
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  SIMT_API("cudaEventSynchronize");
  if (!exists(event)) return failed(cudaErrorInvalidResourceHandle);
  if (event->capture) {
    event->capture->invalid = true;
    return failed(cudaErrorCapturedEvent);
  }
  if (const cudaError_t error = forbidden_in_capture(); error != cudaSuccess) return failed(error);
  if (const auto record = event->record) run_until([&] { return record->done || sticky() != cudaSuccess; });
  return sticky();
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  SIMT_API("cudaEventQuery");
  if (!exists(event)) return failed(cudaErrorInvalidResourceHandle);
  if (event->capture) {
    event->capture->invalid = true;
    return failed(cudaErrorCapturedEvent);
  }
  if (const cudaError_t error = forbidden_in_capture(); error != cudaSuccess) return failed(error);
  run_one();
  return !event->record || event->record->done ? sticky() : cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  SIMT_API("cudaEventElapsedTime");
  if (!milliseconds || !exists(start) || !exists(end) || !start->timing || !end->timing || !start->record ||
      !end->record)
    return failed(cudaErrorInvalidResourceHandle);
  if (!start->record->done || !end->record->done) return failed(cudaErrorNotReady);
  *milliseconds = std::chrono::duration<float, std::milli>(end->record->time - start->record->time).count();
  return cudaSuccess;
}
