#include "cuda/memory_pool.h"

#include <algorithm>

#include "cuda/check.h"
#include "cuda/language.h"
#include "ops/out_of_memory.h"
#if PALIMPSEST_EMULATED
#include "simt/work.h"
#endif

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kGrain = 256;

std::size_t rounded(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + kGrain - 1) / kGrain * kGrain;
}

double megabytes(std::size_t bytes) {
  return double(bytes) / 1e6;
}

// A pool would hide use after free and overruns from the emulator.
void handed_out([[maybe_unused]] const Stream& stream, [[maybe_unused]] void* memory,
                [[maybe_unused]] std::size_t bytes) {
#if PALIMPSEST_EMULATED
  simt::handed_out(stream.get(), memory, bytes);
#endif
}

}  // namespace

MemoryPool::~MemoryPool() {
  ignore(cudaDeviceSynchronize());
  release_spare();
}

void* MemoryPool::take(std::size_t bytes) {
  const std::size_t size = rounded(bytes);
  void* memory = apart_ ? found(*apart_, size) : nullptr;
  if (!memory) memory = found(spare_, size);
  if (!memory) memory = from_driver(size);
  handed_out(stream_, memory, bytes);
  return memory;
}

void MemoryPool::give_back(void* memory, std::size_t bytes) {
  (apart_ ? *apart_ : spare_).emplace(rounded(bytes), memory);
}

void* MemoryPool::found(Spare& spare, std::size_t size) {
  const auto at = spare.find(size);
  if (at == spare.end()) return nullptr;
  void* const memory = at->second;
  spare.erase(at);
  return memory;
}

void* MemoryPool::from_driver(std::size_t bytes) {
  void* memory = nullptr;
  ++driver_calls_;
  cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation && !spare_.empty()) {
    ignore(cudaGetLastError());
    CUDA_CHECK(cudaDeviceSynchronize());
    release_spare();
    status = cudaMalloc(&memory, bytes);
  }
  if (status == cudaErrorMemoryAllocation) {
    ignore(cudaGetLastError());
    std::size_t free = 0, total = 0;
    CUDA_CHECK(cudaMemGetInfo(&free, &total));
    throw OutOfMemory(
        fmt::format("the GPU is out of memory: {:.1f} MB were requested, {:.1f} of {:.1f} MB are free and "
                    "{:.1f} MB are in use here",
                    megabytes(bytes), megabytes(free), megabytes(total), megabytes(held_)),
        bytes, free);
  }
  CUDA_CHECK(status);
  held_ += bytes;
  return memory;
}

std::size_t MemoryPool::free_bytes() const {
  std::size_t free = 0, total = 0;
  CUDA_CHECK(cudaMemGetInfo(&free, &total));
  for (const auto& [bytes, memory] : spare_) free += bytes;
  return free;
}

void MemoryPool::release_spare() {
  for (const auto& [bytes, memory] : spare_) {
    ignore(cudaFree(memory));
    held_ -= bytes;
  }
  spare_.clear();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
