#pragma once
#include "cuda/bf16_copy.h"
#include "cuda/gemm/tiles.cuh"

// Processing of results. An epilogue has
//   Sums                                    a thread's sums over its results
//   read<WIDTH>(at, column)                       what it reads for some results, so that a thread has several reads on
//                                                 their way. `at`: of the first in the output, `column`: its channel
//   operator()(at, column, results, read, sums)   writes them
//   finish(sums, block, team)                     once per thread, all threads of the team together
namespace palimpsest::PALIMPSEST_CUDA::gemm {

// Neighbours in memory: 1, or 2 or 4 aligned to their size.
template <int WIDTH>
struct Results {
  float value[WIDTH];
};
template <int WIDTH>
__device__ __forceinline__ Results<WIDTH> read_results(const float* from) {
  if constexpr (WIDTH == 4) {
    const float4 v = *reinterpret_cast<const float4*>(from);
    return {{v.x, v.y, v.z, v.w}};
  } else if constexpr (WIDTH == 2) {
    const float2 v = *reinterpret_cast<const float2*>(from);
    return {{v.x, v.y}};
  } else {
    return {{*from}};
  }
}
template <int WIDTH>
__device__ __forceinline__ void write_results(float* to, const Results<WIDTH>& results) {
  if constexpr (WIDTH == 4)
    *reinterpret_cast<float4*>(to) = {results.value[0], results.value[1], results.value[2], results.value[3]};
  else
    *to = results.value[0];
}

// A copy is written by fours; where results come singly, the launcher makes it (copy_singles).
template <int WIDTH>
__device__ __forceinline__ void write_results(const Destination& to, std::size_t at, const Results<WIDTH>& results) {
  write_results(to.values + at, results);
  if constexpr (WIDTH == 4)
    if (to.copy)
      static_cast<uint2*>(to.copy)[at / 4] =
          bf16_four(results.value[0], results.value[1], results.value[2], results.value[3]);
}

// y = relu?(value + b)
struct BiasRelu {
  const float* bias;  // null: none
  bool relu;
  Destination y;

  struct Sums {};
  template <int WIDTH>
  __device__ __forceinline__ Results<WIDTH> read(std::size_t, int column) const {
    return bias ? read_results<WIDTH>(bias + column) : Results<WIDTH>{};
  }
  template <int WIDTH>
  __device__ __forceinline__ void operator()(std::size_t at, int, Results<WIDTH> results, const Results<WIDTH>& b,
                                             Sums&) const {
    if (bias) {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) results.value[i] += b.value[i];
    }
#pragma unroll
    for (float& value : results.value) value = relu && value < 0 ? 0.0F : value;  // NaN stays
    write_results(y, at, results);
  }
  template <class Team>
  __device__ void finish(const Sums&, unsigned, Team) const {}
};

// NaN wins on either side.
__device__ __forceinline__ float smaller(float a, float b) {
  return a <= b || a != a ? a : b;
}

// The threads that finish a tile together. kAgain: they finish several, and must be through with the one before.
struct WholeBlock {
  static constexpr bool kAgain = false;
  __device__ static int thread() { return int(threadIdx.x + blockDim.x * threadIdx.y); }
  __device__ static int threads() { return int(blockDim.x * blockDim.y); }
  __device__ static void sync() { __syncthreads(); }
};

// Over a team in a fixed order, valid in thread 0: lanes by halves, then warps in order.
inline constexpr int kMostWarps = 8;
template <class Team = WholeBlock, int COUNT>
__device__ void block_sum(double (&values)[COUNT]) {
  SHARED_ARRAY(double, warps, kMostWarps* COUNT);
  if constexpr (Team::kAgain) Team::sync();
  const int thread = Team::thread(), threads = Team::threads();
#pragma unroll
  for (int i = 0; i < COUNT; ++i) {
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2)
      values[i] += __shfl_down_sync(0xffffffffU, values[i], unsigned(distance));
    if (thread % 32 == 0) warps[thread / 32 * COUNT + i] = values[i];
  }
  Team::sync();
  if (thread == 0)
    for (int warp = 1; warp < threads / 32; ++warp)
      for (int i = 0; i < COUNT; ++i) values[i] += warps[warp * COUNT + i];
}

// The same of the sums of a redistribution.
struct OutgoingSums {
  double relevance = 0;
  float least = __builtin_huge_valf();

  __device__ __forceinline__ void add(const OutgoingSums& other) {
    relevance += other.relevance;
    least = smaller(least, other.least);
  }
  // The team's, two to `partials`.
  template <class Team = WholeBlock>
  __device__ __forceinline__ void finish(double* partials, unsigned block, Team = {}) const {
    SHARED_ARRAY(double, relevances, kMostWarps);
    SHARED_ARRAY(float, leasts, kMostWarps);
    if constexpr (Team::kAgain) Team::sync();
    const int thread = Team::thread(), threads = Team::threads();
    OutgoingSums all = *this;
#pragma unroll
    for (unsigned distance = 16; distance > 0; distance /= 2) {
      const double relevance_there = __shfl_down_sync(0xffffffffU, all.relevance, distance);
      all.add({relevance_there, __shfl_down_sync(0xffffffffU, all.least, distance)});
    }
    if (thread % 32 == 0) relevances[thread / 32] = all.relevance, leasts[thread / 32] = all.least;
    Team::sync();
    if (thread > 0) return;
    for (int warp = 1; warp < threads / 32; ++warp) all.add({relevances[warp], leasts[warp]});
    partials[2 * std::size_t(block)] = all.relevance;
    partials[2 * std::size_t(block) + 1] = double(all.least);
  }
};

// dx = value, or 0 where x, the output of a ReLU, is not positive; or R = factor * g(x) * value, where g is one
// constant for each channel, or x as far as it is between two bounds (branches on InputMap would cost registers).
struct Redistribute {
  enum class By : std::uint8_t { nothing, relu, map };
  By by = By::nothing;
  const float* x = nullptr;         // null with By::nothing
  const float* constant = nullptr;  // null: g(x) = x between the bounds
  float low = -__builtin_huge_valf(), high = __builtin_huge_valf();
  float factor = 1;
  bool accumulate = false;
  Destination to = {};

  template <int WIDTH>
  struct Read {
    Results<WIDTH> input, before;
  };
  template <int WIDTH>
  __device__ __forceinline__ Read<WIDTH> read(std::size_t at, int column) const {
    Read<WIDTH> read{};
    if (by != By::nothing) read.input = read_results<WIDTH>(constant ? constant + column : x + at);
    if (accumulate) read.before = read_results<WIDTH>(to.values + at);
    return read;
  }
  // Returns what has been written.
  template <int WIDTH>
  __device__ __forceinline__ Results<WIDTH> write(std::size_t at, Results<WIDTH> results,
                                                  const Read<WIDTH>& read) const {
    if (by != By::nothing) {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) {
        float g = read.input.value[i];
        g = g < low ? low : g;
        g = g > high ? high : g;
        results.value[i] = by == By::map ? factor * g * results.value[i] : g <= 0 ? 0.0F : results.value[i];
      }
    }
    if (accumulate) {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) results.value[i] = read.before.value[i] + results.value[i];
    }
    write_results(to, at, results);
    return results;
  }

  struct Sums {};
  template <int WIDTH>
  __device__ __forceinline__ void operator()(std::size_t at, int, const Results<WIDTH>& results,
                                             const Read<WIDTH>& read, Sums&) const {
    write(at, results, read);
  }
  template <class Team>
  __device__ void finish(const Sums&, unsigned, Team) const {}
};

// The same, with the sum of R as it is then, and the smallest x.
struct RedistributeAndSum {
  Redistribute redistribute;
  double* partials;  // two per block; null: not computed

  using Sums = OutgoingSums;
  template <int WIDTH>
  __device__ __forceinline__ Redistribute::Read<WIDTH> read(std::size_t at, int column) const {
    return redistribute.read<WIDTH>(at, column);
  }
  template <int WIDTH>
  __device__ __forceinline__ void operator()(std::size_t at, int, const Results<WIDTH>& results,
                                             const Redistribute::Read<WIDTH>& read, Sums& sums) const {
    const Results<WIDTH> relevance = redistribute.write(at, results, read);
    if (!partials) return;
    const Results<WIDTH> x = redistribute.constant ? read_results<WIDTH>(redistribute.x + at) : read.input;
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) sums.add({double(relevance.value[i]), x.value[i]});
  }
  template <class Team>
  __device__ void finish(const Sums& sums, unsigned block, Team team) const {
    if (partials) sums.finish(partials, block, team);
  }
};

// value is z without its bias: s = R / stabilised(z) for every target, and what that removes from the first one's R.
struct Divide {
  DenominatorPointers what;
  float epsilon;
  bool add_bias;     // false where z is known
  double* partials;  // five per block, added later in the order of blocks; null: not computed

  using Sums = RelevanceSums;

  template <int WIDTH>
  __device__ Results<WIDTH> bias_of(int column) const {
    Results<WIDTH> bias{};
#pragma unroll
    for (int t = 0; t < kMaxTerms; ++t) {
      if (t >= what.terms || !what.term[t].bias) continue;
      const Results<WIDTH> of_term = read_results<WIDTH>(what.term[t].bias + column);
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) bias.value[i] += what.term[t].sign * of_term.value[i];
    }
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

  // Of the first target; another one's is read while the one before it is divided.
  template <int WIDTH>
  struct Read {
    Results<WIDTH> bias, floor, reference, relevance;
  };
  template <int WIDTH>
  __device__ __forceinline__ Read<WIDTH> read(std::size_t at, int column) const {
    Read<WIDTH> read{};
    read.bias = bias_of<WIDTH>(column);
    if (what.floor) read.floor = read_results<WIDTH>(what.floor + at);
    if (what.gate != Gate::all) read.reference = read_results<WIDTH>(what.gate_by + at);
    read.relevance = read_results<WIDTH>(what.relevance[0] + at);
    return read;
  }
  template <int WIDTH>
  __device__ __forceinline__ void operator()(std::size_t at, int, const Results<WIDTH>& results,
                                             const Read<WIDTH>& read, Sums& sums) const {
    const Results<WIDTH>& bias = read.bias;
    Results<WIDTH> z = results, safe;
    if (add_bias) {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) z.value[i] += bias.value[i];
    }
    if (what.floor) {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) z.value[i] = z.value[i] < read.floor.value[i] ? read.floor.value[i] : z.value[i];
    }
    bool passes[WIDTH];
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) safe.value[i] = stabilised(z.value[i]), passes[i] = true;
    if (what.gate != Gate::all) {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i)
        passes[i] = what.gate == Gate::positive ? read.reference.value[i] > 0 : read.reference.value[i] < 0;
    }
    Results<WIDTH> relevance = read.relevance, next{};
    for (int target = 0; target < what.targets; ++target, relevance = next) {
      if (target + 1 < what.targets) next = read_results<WIDTH>(what.relevance[target + 1] + at);
      Results<WIDTH> quotient;
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) {
        // NaN is not 0 and propagates.
        const bool divides = passes[i] && relevance.value[i] != 0 && safe.value[i] != 0;
        quotient.value[i] = divides ? relevance.value[i] / safe.value[i] : 0.0F;
        if (target == 0 && partials && passes[i] && relevance.value[i] != 0)
          add(sums, relevance.value[i], quotient.value[i], divides, z.value[i], safe.value[i], bias.value[i]);
      }
      write_results(what.quotients[target], at, quotient);
    }
  }

  __device__ static void add(Sums& sums, float relevance, float quotient, bool divides, float z, float safe,
                             float bias) {
    sums.incoming += double(relevance);
    if (fabsf(z) < 1e-6F) sums.near_zero += 1;
    if (divides) {
      sums.to_bias += double(quotient) * double(bias);
      sums.to_stabiliser += double(quotient) * (double(safe) - double(z));
    } else {
      sums.to_zero += double(relevance);
    }
  }

  template <class Team>
  __device__ void finish(const Sums& sums, unsigned block, Team team) const {
    if (!partials) return;
    double values[RelevanceSums::kCount] = {sums.incoming, sums.to_bias, sums.to_stabiliser, sums.to_zero,
                                            sums.near_zero};
    block_sum<Team>(values);
    if (team.thread() == 0)
      for (int i = 0; i < RelevanceSums::kCount; ++i)
        partials[std::size_t(block) * RelevanceSums::kCount + i] = values[i];
  }
};

// How many neighbouring results, or fours of them, a thread reads for together: as many as the registers hold beside
// the sums, and as the instruction cache holds of the code.
template <class Epilogue>
inline constexpr int kReadTogether = std::is_same_v<Epilogue, Divide> ? 2 : 4;

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
