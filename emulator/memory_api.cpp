// Memory functions of the runtime. A copy's kind is checked against its pointers; CUDA itself would follow the pointers
// for some wrong kinds and fail for others.
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <vector>

#include "api.h"
#include "graph.h"
#include "memory.h"
#include "observer.h"
#include "simt/runtime_api.h"
#include "streams.h"

namespace palimpsest::simt {
namespace {

const char* name_of(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::Host:
      return "host memory";
    case MemoryKind::Pinned:
      return "pinned host memory";
    case MemoryKind::Device:
      return "device memory";
    case MemoryKind::Freed:
      return "freed memory";
  }
  return "";
}

void require_room(const char* call, const char* role, const void* pointer, std::size_t bytes) {
  const MemoryKind kind = memory_kind(pointer);
  if (kind == MemoryKind::Host) return;
  if (kind == MemoryKind::Freed)
    finding("use after free", fmt::format("{}: the {} is {}", call, role, describe(pointer)));
  if (bytes_behind(pointer) < bytes)
    finding("copy overrun", fmt::format("{} of {} bytes: the {} is {}", call, bytes, role, describe(pointer)));
}

void require_device(const char* call, const char* role, const void* pointer, bool wanted, cudaMemcpyKind kind) {
  const MemoryKind actual = memory_kind(pointer);
  if ((actual == MemoryKind::Device) == wanted) return;
  finding("wrong copy kind", fmt::format("{} with kind {}: the {} is {}, which this kind forbids", call,
                                         static_cast<int>(kind), role, name_of(actual)));
}

void check_copy(const char* call, const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  require_room(call, "target", to, bytes);
  require_room(call, "source", from, bytes);
  if (kind == cudaMemcpyDefault) return;
  require_device(call, "target", to, kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice, kind);
  require_device(call, "source", from, kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice, kind);
}

void copy_now(void* to, const void* from, std::size_t bytes) {
  require_room("a queued copy", "target", to, bytes);
  require_room("a queued copy", "source", from, bytes);
  std::memmove(to, from, bytes);
  if (observer) observer->defined(to, bytes);
}

// Copies from and to pageable host memory are finished when the call returns; only pinned memory is accessed later. A
// graph's copies all happen when it is launched.
cudaError_t copy(CUstream_st& stream, void* to, const void* from, std::size_t bytes) {
  const bool pageable_source = memory_kind(from) == MemoryKind::Host && !stream.capture;
  const bool pageable_target = memory_kind(to) == MemoryKind::Host && !stream.capture;
  if (pageable_source && !pageable_target) {
    auto staged = std::make_shared<std::vector<char>>(bytes);
    std::memcpy(staged->data(), from, bytes);
    return append(stream, "a copy from the host", [=] { copy_now(to, staged->data(), bytes); });
  }
  const cudaError_t error = append(stream, "a copy", [=] { copy_now(to, from, bytes); });
  if (pageable_target && error == cudaSuccess) finish(stream);
  return error;
}

cudaError_t fill(CUstream_st& stream, void* to, int value, std::size_t bytes) {
  return append(stream, "a memset", [=] {
    require_room("a queued memset", "target", to, bytes);
    std::memset(to, value, bytes);
    if (observer) observer->defined(to, bytes);
  });
}

// Waits like a blocking call, unless a capture forbids it.
cudaError_t begin_blocking_call() {
  return forbidden_in_capture();
}

// The allocation that starts at `pointer`; a finding if none does.
Allocation& allocation_at(const char* call, void* pointer, MemoryKind kind) {
  Allocation* allocation = find_allocation(pointer);
  if (!allocation || allocation->data != pointer || allocation->kind != kind)
    finding("invalid free", fmt::format("{} is given {}", call, describe(pointer)));
  if (allocation->state == Allocation::State::Freed)
    finding("double free", fmt::format("{} is given {}", call, describe(pointer)));
  return *allocation;
}

cudaError_t allocate_now(void** pointer, std::size_t bytes, MemoryKind kind) {
  if (!pointer) return failed(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  const Allocation* allocation = allocate(bytes, kind, Allocation::State::Live);
  if (!allocation) return failed(cudaErrorMemoryAllocation);
  *pointer = allocation->data;
  return cudaSuccess;
}

}  // namespace

void handed_out(cudaStream_t handle, void* memory, std::size_t bytes) {
  const ApiCall api("handed_out");
  CUstream_st* stream = find_stream(handle);
  Allocation& allocation = allocation_at("handed_out", memory, MemoryKind::Device);
  if (!stream || bytes > allocation.bytes)
    finding("misuse", "handed_out needs a valid stream and at most the allocation's bytes");
  append(*stream, "a pool's piece is handed out", [&allocation, bytes] { hand_out(allocation, bytes); });
}

}  // namespace palimpsest::simt

using namespace palimpsest::simt;

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  SIMT_API("cudaMalloc");
  if (const cudaError_t error = begin_blocking_call(); error != cudaSuccess) return failed(error);
  return allocate_now(pointer, bytes, MemoryKind::Device);
}

cudaError_t cudaFree(void* pointer) {
  SIMT_API("cudaFree");
  if (!pointer) return cudaSuccess;
  if (const cudaError_t error = begin_blocking_call(); error != cudaSuccess) return failed(error);
  finish_everything();
  release(allocation_at("cudaFree", pointer, MemoryKind::Device));
  return sticky();
}

cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t handle) {
  SIMT_API("cudaMallocAsync");
  CUstream_st* stream = find_stream(handle);
  if (!pointer || !stream) return failed(cudaErrorInvalidValue);
  if (stream->capture) return failed(cudaErrorNotSupported);
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  Allocation* allocation = allocate(bytes, MemoryKind::Device, Allocation::State::Pending);
  if (!allocation) {  // memory counts as used until its queued release runs
    finish_everything();
    allocation = allocate(bytes, MemoryKind::Device, Allocation::State::Pending);
  }
  if (!allocation) return failed(cudaErrorMemoryAllocation);
  *pointer = allocation->data;
  return failed(append(*stream, "cudaMallocAsync", [allocation] { commit(*allocation); }));
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  SIMT_API("cudaFreeAsync");
  CUstream_st* stream = find_stream(handle);
  if (!stream) return failed(cudaErrorInvalidValue);
  if (!pointer) return cudaSuccess;
  if (stream->capture) return failed(cudaErrorNotSupported);
  allocation_at("cudaFreeAsync", pointer, MemoryKind::Device);
  return failed(append(*stream, "cudaFreeAsync",
                       [pointer] { release(allocation_at("a queued cudaFreeAsync", pointer, MemoryKind::Device)); }));
}

cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned flags) {
  SIMT_API("cudaHostAlloc");
  if (flags & ~unsigned{cudaHostAllocPortable}) return failed(cudaErrorInvalidValue);
  if (const cudaError_t error = begin_blocking_call(); error != cudaSuccess) return failed(error);
  return allocate_now(pointer, bytes, MemoryKind::Pinned);
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault);
}

cudaError_t cudaFreeHost(void* pointer) {
  SIMT_API("cudaFreeHost");
  if (!pointer) return cudaSuccess;
  if (const cudaError_t error = begin_blocking_call(); error != cudaSuccess) return failed(error);
  finish_everything();
  release(allocation_at("cudaFreeHost", pointer, MemoryKind::Pinned));
  return sticky();
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  SIMT_API("cudaPointerGetAttributes");
  if (!attributes || !pointer) return failed(cudaErrorInvalidValue);
  void* address = const_cast<void*>(pointer);
  switch (memory_kind(pointer)) {
    case MemoryKind::Device:
      *attributes = {cudaMemoryTypeDevice, 0, address, nullptr};
      break;
    case MemoryKind::Pinned:
      *attributes = {cudaMemoryTypeHost, 0, address, address};
      break;
    default:
      *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, address};
  }
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t handle) {
  SIMT_API("cudaMemcpyAsync");
  CUstream_st* stream = find_stream(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return cudaSuccess;
  check_copy("cudaMemcpyAsync", to, from, bytes, kind);
  return failed(copy(*stream, to, from, bytes));
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  SIMT_API("cudaMemcpy");
  if (const cudaError_t error = begin_blocking_call(); error != cudaSuccess) return failed(error);
  if (bytes == 0) return cudaSuccess;
  check_copy("cudaMemcpy", to, from, bytes, kind);
  if (const cudaError_t error = copy(legacy_stream(), to, from, bytes); error != cudaSuccess) return failed(error);
  finish(legacy_stream());
  return sticky();
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t handle) {
  SIMT_API("cudaMemcpy2DAsync");
  CUstream_st* stream = find_stream(handle);
  if (!stream || width > to_pitch || width > from_pitch) return failed(cudaErrorInvalidValue);
  for (std::size_t row = 0; row < height && width > 0; ++row) {
    char* row_to = static_cast<char*>(to) + row * to_pitch;
    const char* row_from = static_cast<const char*>(from) + row * from_pitch;
    check_copy("cudaMemcpy2DAsync", row_to, row_from, width, kind);
    if (const cudaError_t error = copy(*stream, row_to, row_from, width); error != cudaSuccess) return failed(error);
  }
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t handle) {
  SIMT_API("cudaMemsetAsync");
  CUstream_st* stream = find_stream(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return cudaSuccess;
  require_room("cudaMemsetAsync", "target", to, bytes);
  require_device("cudaMemsetAsync", "target", to, true, cudaMemcpyDefault);
  return failed(fill(*stream, to, value, bytes));
}

cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  SIMT_API("cudaMemset");
  if (const cudaError_t error = begin_blocking_call(); error != cudaSuccess) return failed(error);
  if (bytes == 0) return cudaSuccess;
  require_room("cudaMemset", "target", to, bytes);
  require_device("cudaMemset", "target", to, true, cudaMemcpyDefault);
  return failed(fill(legacy_stream(), to, value, bytes));  // as on the device, the host does not wait
}
