#pragma once
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Combines one value of each thread of a block of THREADS, pairwise and always in the same order, so that sums are
// bit-identical in every run. All threads must take part; all get the result. `slots`: THREADS values of shared
// memory.
template <int THREADS = kThreads, typename T, typename Combine>
__device__ T block_reduce(T value, T* slots, Combine combine) {
  slots[threadIdx.x] = value;
  __syncthreads();
  for (unsigned half = THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) slots[threadIdx.x] = combine(slots[threadIdx.x], slots[threadIdx.x + half]);
    __syncthreads();
  }
  const T result = slots[0];
  __syncthreads();  // the slots may be reused
  return result;
}

// Calls use(i, values[i]) for the i of this thread, every THREADS-th, in order; LOADS of them are loaded before the
// first is used.
template <int LOADS, int THREADS = kThreads, typename T, typename Use>
__device__ void for_each_of_thread(const T* values, std::size_t count, const Use& use) {
  for (std::size_t begin = threadIdx.x; begin < count; begin += std::size_t{LOADS} * THREADS) {
    T loaded[LOADS];
#pragma unroll
    for (int i = 0; i < LOADS; ++i) {
      const std::size_t at = begin + std::size_t(i) * THREADS;
      loaded[i] = at < count ? values[at] : T{};
    }
#pragma unroll
    for (int i = 0; i < LOADS; ++i) {
      const std::size_t at = begin + std::size_t(i) * THREADS;
      if (at < count) use(at, loaded[i]);
    }
  }
}

struct Plus {
  template <typename T>
  __host__ __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

}  // namespace palimpsest::PALIMPSEST_CUDA
