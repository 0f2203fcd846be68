#pragma once
#include "cuda/gemm/epilogues.cuh"
#include "cuda/sgd_step.cuh"

namespace palimpsest::PALIMPSEST_CUDA::gemm {

// value is the gradient of a weight.
struct StepWeights {
  WeightStep step;

  struct Sums {
    bool good = true;
  };
  template <int WIDTH>
  struct Read {
    Results<WIDTH> w, velocity, start;
  };
  template <int WIDTH>
  __device__ __forceinline__ Read<WIDTH> read(std::size_t at, int) const {
    Read<WIDTH> read{read_results<WIDTH>(step.value.values + at), {}, {}};
    if (step.velocity) read.velocity = read_results<WIDTH>(step.velocity + at);
    if (step.start) read.start = read_results<WIDTH>(step.start + at);
    return read;
  }
  template <int WIDTH>
  __device__ __forceinline__ void operator()(std::size_t at, int, const Results<WIDTH>& results, Read<WIDTH> read,
                                             Sums& sums) const {
    auto& [w, velocity, start] = read;
    const SgdRates& rates = step.rates;
    const float decay = step.start ? rates.l2_sp : rates.decay;
#pragma unroll
    for (int i = 0; i < WIDTH; ++i)
      sums.good &= sgd_step(rates, step.velocity, decay * (step.start ? w.value[i] - start.value[i] : w.value[i]),
                            results.value[i], w.value[i], velocity.value[i]);
    write_results(step.value, at, w);
    if (step.velocity) write_results(step.velocity + at, velocity);
  }
  template <class Team>
  __device__ void finish(const Sums& sums, unsigned, Team) const {
    if (!sums.good) atomicMin(step.first_bad, step.parameter);
  }

  // What a tile will read goes to L2 while its product is formed: the reads for a result wait for those before it.
  template <class Shape>
  __device__ __forceinline__ void prefetch(int row, int column, int rows, int columns) const {
    constexpr int kLine = 32, kPerRow = Shape::kColumns / kLine;
    for (int i = int(threadIdx.x); i < Shape::kRows * kPerRow; i += Shape::kThreads) {
      const int r = row + i / kPerRow, c = column + i % kPerRow * kLine;
      if (r >= rows || c >= columns) continue;
      const std::size_t at = std::size_t(r) * std::size_t(columns) + std::size_t(c);
      for (const float* values :
           {static_cast<const float*>(step.value.values), static_cast<const float*>(step.velocity), step.start})
        if (values) prefetch_line(values + at);
    }
  }

 private:
  __device__ static void prefetch_line([[maybe_unused]] const float* address) {
#if !PALIMPSEST_EMULATED && PALIMPSEST_ARCH > 0
    asm volatile("prefetch.global.L2 [%0];" ::"l"(address));
#endif
  }
};

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
