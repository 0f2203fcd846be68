#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "base/error.h"
#include "ops/algorithm_table.h"
#include "ops/tensor.h"

namespace palimpsest::cpu {

// Memory aligned to cache lines, zero when fresh.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes);
  float* floats() const { return static_cast<float*>(data_.get()); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> data_;
  std::size_t bytes_;
};

class CpuStorage : public Storage {
 public:
  CpuStorage(const void* owner, std::size_t bytes) : Storage(owner, bytes), buffer(bytes) {}
  Buffer buffer;
};

// LLVM's OpenMP registers each process in shared memory under its number. Of a process killed in between, an empty
// object remains there, and the next process with that number dies of a bus error. Returns whether one was removed.
// Called for this process before main.
bool remove_broken_openmp_registration(int process);

// What all plans of one device share: oneDNN's engine, the channel block, the scratch arena.
class Context {
 public:
  Context(int threads, const AlgorithmTable& algorithms);

  dnnl::engine engine;
  dnnl::stream stream;
  int threads;
  int block;  // channels are padded to it: 16 with AVX-512, else 8
  bool has_avx512;
  AlgorithmTable algorithms;  // of convolutions

  int padded(int channels) const { return (channels + block - 1) / block * block; }
  std::size_t bytes(const Shape& shape, Layout layout) const;
  dnnl::memory::desc activation(const Shape& shape) const;  // nChw16c or nChw8c, padded channels
  dnnl::memory::desc kernel(const Shape& shape) const;      // OIhw16i16o or OIhw8i8o
  dnnl::memory::desc channels(int count) const;

  // Scratch memory (ops/device.h), one piece for each use within a call.
  enum Slot { primitive, denominator, term, mapped_input, packed, tall_x, tall_dy, slot_count };
  float* scratch(Slot slot, std::size_t bytes);

 private:
  std::array<std::unique_ptr<Buffer>, slot_count> slots_;
};

// Throws ContractError for a tensor of another device.
inline float* data(const Context& context, const Tensor& tensor) {
  PALIMPSEST_REQUIRE(tensor.storage && tensor.storage->owner() == &context,
                     "an empty tensor, or one of another device");
  return static_cast<CpuStorage*>(tensor.storage.get())->buffer.floats();
}
inline std::uint8_t* byte_data(const Context& context, const Tensor& tensor) {
  return reinterpret_cast<std::uint8_t*>(data(context, tensor));
}
void check(const Context& context, const Tensor& tensor, const Shape& shape, Layout layout, const char* name);
std::uint64_t next_version();
inline void touch(const Tensor& tensor) {
  tensor.storage->version = next_version();
}

// An activation or matrix as a loop sees it: n x blocks pieces of `pixels` groups of `lanes` neighbouring channels.
struct Pieces {
  int n, blocks, pixels, lanes;
  std::size_t count() const { return std::size_t(n) * std::size_t(blocks) * std::size_t(pixels) * std::size_t(lanes); }
  std::size_t piece() const { return std::size_t(pixels) * std::size_t(lanes); }
};
Pieces pieces(const Context& context, const Shape& shape, Layout layout);

}  // namespace palimpsest::cpu
