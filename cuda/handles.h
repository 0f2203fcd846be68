#pragma once
#include <cuda_runtime.h>

#include "cuda/check.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Owners of runtime objects. They cannot be copied or moved: they are members of what uses them.

class Stream {
 public:
  Stream() { CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  ~Stream() { ignore(cudaStreamDestroy(stream_)); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t get() const { return stream_; }
  void wait() const { CUDA_CHECK(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { CUDA_CHECK(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming)); }
  ~Event() { ignore(cudaEventDestroy(event_)); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(const Stream& on) { CUDA_CHECK(cudaEventRecord(event_, on.get())); }
  void hold_back(const Stream& stream) const { CUDA_CHECK(cudaStreamWaitEvent(stream.get(), event_, 0)); }
  void wait() const { CUDA_CHECK(cudaEventSynchronize(event_)); }  // returns immediately if nothing was recorded

 private:
  cudaEvent_t event_ = nullptr;
};

// Page-locked host memory, for asynchronous copies by the GPU.
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  ~PinnedBuffer() { release(); }
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;
  // Contents are lost. requires: the GPU no longer uses it
  void reserve(std::size_t bytes) {
    if (bytes <= bytes_) return;
    release();
    CUDA_CHECK(cudaMallocHost(&data_, bytes));
    bytes_ = bytes;
  }
  template <typename T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void release() {
    if (data_) ignore(cudaFreeHost(data_));
    data_ = nullptr;
    bytes_ = 0;
  }
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
