#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <utility>

#include "cuda/handles.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Device memory by size. Freed memory is kept and reused, so that a loop that creates and drops the same tensors makes
// no driver allocations after its first iteration. All uses of the memory run in the order of `stream`, so a piece may
// be reused immediately; another stream waits for it (Uploader).
class MemoryPool {
 public:
  explicit MemoryPool(const Stream& stream) : stream_(stream) {}
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  // 256-byte aligned, contents undefined. The stream must still exist. Throws Error naming the requested and the free
  // memory.
  void* take(std::size_t bytes);
  void give_back(void* memory, std::size_t bytes);

  std::size_t free_bytes() const;                             // what take() could still have
  std::size_t held() const { return held_; }                  // bytes allocated by the driver, in use or not
  std::size_t driver_calls() const { return driver_calls_; }  // for tests: number of driver allocations

 private:
  friend class ApartMemory;
  using Spare = std::multimap<std::size_t, void*>;
  static void* found(Spare& spare, std::size_t size);  // null: none
  void* from_driver(std::size_t bytes);
  void release_spare();

  const Stream& stream_;
  Spare spare_;
  Spare* apart_ = nullptr;
  std::size_t held_ = 0, driver_calls_ = 0;
};

// What is given back between begin() and end() is kept apart, and given back at last when this is destroyed: each run
// of a recording uses the memory again that its step took and gave back.
class ApartMemory {
 public:
  explicit ApartMemory(std::shared_ptr<MemoryPool> pool) : pool_(std::move(pool)) {}
  ~ApartMemory() { pool_->spare_.merge(spare_); }
  ApartMemory(const ApartMemory&) = delete;
  ApartMemory& operator=(const ApartMemory&) = delete;
  void begin() { pool_->apart_ = &spare_; }
  void end() { pool_->apart_ = nullptr; }

 private:
  std::shared_ptr<MemoryPool> pool_;
  MemoryPool::Spare spare_;
};

// A piece of a pool, which must outlive it.
class DeviceBuffer {
 public:
  DeviceBuffer(std::shared_ptr<MemoryPool> pool, std::size_t bytes)
      : pool_(std::move(pool)), bytes_(bytes), data_(pool_->take(bytes)) {}
  ~DeviceBuffer() { pool_->give_back(data_, bytes_); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  void* data() const { return data_; }
  template <typename T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<MemoryPool> pool_;
  std::size_t bytes_;
  void* data_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
