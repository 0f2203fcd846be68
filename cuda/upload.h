#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "cuda/handles.h"
#include "cuda/memory_pool.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Host to GPU through two alternating page-locked buffers, on a separate stream: while the GPU uses the data from one
// of them, the host fills the other.
//
//   host     fill 0          fill 1          wait for copy 0, fill 0 ...
//   copies           copy 0          copy 1          ...
//   compute                  use 0           use 1   ...
class Uploader {
 public:
  Uploader(const Stream& compute, std::shared_ptr<MemoryPool> pool) : compute_(compute), pool_(std::move(pool)) {}
  ~Uploader();

  static constexpr std::size_t kPiece = std::size_t{16}
                                        << 20;  // larger uploads are split into pieces of this many bytes

  // fill(host) writes `bytes` bytes; then use(device) enqueues work that reads them on the compute stream. The device
  // memory may be reused afterwards. Returns as soon as everything is enqueued.
  void send(std::size_t bytes, const std::function<void(void* host)>& fill,
            const std::function<void(const void* device)>& use);
  void to_device(const void* from, std::size_t bytes, void* to);  // a small table, directly

 private:
  struct Half {
    PinnedBuffer host;
    void* device = nullptr;
    std::size_t bytes = 0;
    Event copied, used;
  };
  void reserve(Half& half, std::size_t bytes);

  const Stream& compute_;
  std::shared_ptr<MemoryPool> pool_;
  Stream copies_;
  std::array<Half, 2> halves_;
  std::size_t turn_ = 0;
};

// GPU to host, through one page-locked buffer; waits for the result.
class Downloader {
 public:
  Downloader(const Stream& compute, std::shared_ptr<MemoryPool> pool) : compute_(compute), pool_(std::move(pool)) {}

  static constexpr std::size_t kPiece = Uploader::kPiece;

  // make(device) enqueues work that writes `bytes` bytes there; take(host) receives them.
  void fetch(std::size_t bytes, const std::function<void(void* device)>& make,
             const std::function<void(const void* host)>& take);
  // Small results that are already in device memory.
  template <typename T>
  T value(const T* device) {
    return values(device, 1).front();
  }
  template <typename T>
  std::vector<T> values(const T* device, std::size_t count) {
    std::vector<T> results(count);
    copy_down(device, count * sizeof(T), results.data());
    return results;
  }

 private:
  void copy_down(const void* device, std::size_t bytes, void* to);

  const Stream& compute_;
  std::shared_ptr<MemoryPool> pool_;
  std::unique_ptr<DeviceBuffer> device_;
  PinnedBuffer host_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
