#pragma once
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Combines one value of each thread of a block of kThreads, pairwise and always in the same order, so that sums are
// bit-identical in every run. All threads must take part; all get the result. `slots`: kThreads values of shared
// memory.
template <typename T, typename Combine>
__device__ T block_reduce(T value, T* slots, Combine combine) {
  slots[threadIdx.x] = value;
  __syncthreads();
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) slots[threadIdx.x] = combine(slots[threadIdx.x], slots[threadIdx.x + half]);
    __syncthreads();
  }
  const T result = slots[0];
  __syncthreads();  // the slots may be reused
  return result;
}

struct Plus {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

}  // namespace palimpsest::PALIMPSEST_CUDA
