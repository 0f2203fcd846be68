#pragma once
#include <algorithm>
#include <cstddef>
#include <limits>

#include "base/error.h"
#include "cuda/check.h"
#include "cuda/language.h"

namespace palimpsest::PALIMPSEST_CUDA {

// For kernels that process `count` values in grid strides:
//   for (std::size_t i = first_index(); i < count; i += grid_stride()) ...
inline constexpr int kThreads = 256;
inline constexpr std::size_t kMostBlocks = 2048;  // enough to fill any GPU

inline unsigned blocks_for(std::size_t count) {
  return static_cast<unsigned>(std::min((count + kThreads - 1) / kThreads, kMostBlocks));
}

__device__ __forceinline__ std::size_t first_index() {
  return std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ std::size_t grid_stride() {
  return std::size_t{gridDim.x} * blockDim.x;
}

// For kernels that divide the index (divisor.h), and so count in 31 bits, the last grid stride included:
//   for (int i = int(first_index()); i < count; i += int(grid_stride())) ...
// Throws Error beyond that.
inline int count_to_divide(std::size_t count) {
  if (count > std::size_t(std::numeric_limits<int>::max()) - kMostBlocks * kThreads)
    throw Error(fmt::format("a tensor has {} values or groups of values, more than one launch can process", count),
                "use a smaller batch");
  return int(count);
}

// Tensors begin at a multiple of 256 bytes: their values in fours, and the rest of up to three behind.
__host__ __device__ __forceinline__ const float4* fours(const float* values) {
  return reinterpret_cast<const float4*>(values);
}
__host__ __device__ __forceinline__ float4* fours(float* values) {
  return reinterpret_cast<float4*>(values);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
