#pragma once
#include <algorithm>
#include <cstddef>

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

}  // namespace palimpsest::PALIMPSEST_CUDA
