#pragma once
#include "cuda/gemm/tiles.cuh"

// Processing of results. An epilogue has
//   Sums                                   a thread's sums over its results
//   operator()(at, column, value, sums)    `at`: position in the output, `column`: its channel
//   finish(sums, block)                    once per thread, all threads of the block together
namespace palimpsest::PALIMPSEST_CUDA::gemm {

// y = relu?(value + b)
struct BiasRelu {
  const float* bias;  // null: none
  bool relu;
  float* y;

  struct Sums {};
  __device__ void operator()(std::size_t at, int column, float value, Sums&) const {
    if (bias) value += bias[column];
    y[at] = relu && value < 0 ? 0.0F : value;  // NaN stays
  }
  __device__ void finish(const Sums&, unsigned) const {}
};

// dx = value, or R = factor * g(x) * value if x is given.
struct Redistribute {
  const float* x;
  InputMap map;
  const float* constant;
  float factor;
  bool accumulate;
  float* to;

  struct Sums {};
  __device__ void operator()(std::size_t at, int column, float value, Sums&) const {
    if (x) {
      float g = map == InputMap::constant ? constant[column] : x[at];
      if (map == InputMap::positive) g = g < 0 ? 0.0F : g;
      if (map == InputMap::negative) g = g > 0 ? 0.0F : g;
      value = factor * g * value;
    }
    to[at] = accumulate ? to[at] + value : value;
  }
  __device__ void finish(const Sums&, unsigned) const {}
};

// The ledger's sums of one thread, block or pass, in the order of RelevanceSums.
struct LedgerSums {
  static constexpr int kCount = 5;
  double incoming = 0, to_bias = 0, to_stabiliser = 0, to_zero = 0, near_zero = 0;
};

// Sum over the block's threads in a fixed order, valid in thread 0: lanes by halves, then warps in order.
template <int COUNT>
__device__ void block_sum(double (&values)[COUNT]) {
  constexpr int kMaxWarps = 8;
  SHARED_ARRAY(double, warps, kMaxWarps* COUNT);
  const int thread = int(threadIdx.x + blockDim.x * threadIdx.y), threads = int(blockDim.x * blockDim.y);
#pragma unroll
  for (int i = 0; i < COUNT; ++i) {
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2)
      values[i] += __shfl_down_sync(0xffffffffU, values[i], unsigned(distance));
    if (thread % 32 == 0) warps[thread / 32 * COUNT + i] = values[i];
  }
  __syncthreads();
  if (thread == 0)
    for (int warp = 1; warp < threads / 32; ++warp)
      for (int i = 0; i < COUNT; ++i) values[i] += warps[warp * COUNT + i];
}

// value is z without its bias: s = R / stabilised(z) for every target, and what that removes from the first one's R.
struct Divide {
  DenominatorPointers what;
  float epsilon;
  bool add_bias;     // false where z is known
  double* partials;  // five per block, added later in the order of blocks; null: not computed

  using Sums = LedgerSums;

  __device__ float bias_of(int column) const {
    float bias = 0;
#pragma unroll
    for (int t = 0; t < kMaxTerms; ++t)
      if (t < what.terms && what.term[t].bias) bias += what.term[t].sign * what.term[t].bias[column];
    return bias;
  }

  __device__ float stabilised(float z) const {
    switch (what.stabiliser.kind) {
      case Stabiliser::Kind::add_sign:
        return z + (z >= 0 ? epsilon : -epsilon);
      case Stabiliser::Kind::zero_only:
        return z == 0 ? epsilon : z;
      default:
        return z + epsilon;
    }
  }

  __device__ bool open(std::size_t at) const {
    if (what.gate == Gate::all) return true;
    const float reference = what.gate_by[at];
    return what.gate == Gate::positive ? reference > 0 : reference < 0;
  }

  __device__ void operator()(std::size_t at, int column, float value, Sums& sums) const {
    const float bias = bias_of(column);
    float z = add_bias ? value + bias : value;
    if (what.floor) {
      const float floor = what.floor[at];
      z = z < floor ? floor : z;
    }
    const float safe = stabilised(z);
    const bool passes = open(at);
    for (int target = 0; target < what.targets; ++target) {
      const float relevance = what.relevance[target][at];
      // NaN is not 0 and propagates.
      const bool divides = passes && relevance != 0 && safe != 0;
      const float quotient = divides ? relevance / safe : 0.0F;
      what.quotients[target][at] = quotient;
      if (target != 0 || !partials || !passes || relevance == 0) continue;
      sums.incoming += double(relevance);
      if (fabsf(z) < 1e-6F) sums.near_zero += 1;
      if (divides) {
        sums.to_bias += double(quotient) * double(bias);
        sums.to_stabiliser += double(quotient) * (double(safe) - double(z));
      } else {
        sums.to_zero += double(relevance);
      }
    }
  }

  __device__ void finish(const Sums& sums, unsigned block) const {
    if (!partials) return;
    double values[LedgerSums::kCount] = {sums.incoming, sums.to_bias, sums.to_stabiliser, sums.to_zero, sums.near_zero};
    block_sum(values);
    if (threadIdx.x + threadIdx.y == 0)
      for (int i = 0; i < LedgerSums::kCount; ++i) partials[std::size_t(block) * LedgerSums::kCount + i] = values[i];
  }
};

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
