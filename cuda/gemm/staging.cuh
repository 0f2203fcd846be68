#pragma once
#include "cuda/gemm/operands.cuh"
#include "cuda/tensor_core.h"

// From global to shared memory, ahead of the multiplication.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

// The map applied to a value while it is copied; see InputMap. A sign of -1 subtracts the term.
struct InputChange {
  InputMap map;
  float sign;
  __device__ float operator()(float value) const {
    if (map == InputMap::positive) value = value < 0 ? 0.0F : value;  // NaN stays
    if (map == InputMap::negative) value = value > 0 ? 0.0F : value;
    return sign * value;
  }
};
struct NoChange {
  __device__ float operator()(float value) const { return value; }
};

__device__ __forceinline__ void store_four(float* to, float4 v) {
  *reinterpret_cast<float4*>(to) = v;
}

struct alignas(8) FourBf16 {
  __nv_bfloat16 x, y, z, w;
};
__device__ __forceinline__ void store_four(__nv_bfloat16* to, float4 v) {
  *reinterpret_cast<FourBf16*>(to) = {__float2bfloat16_rn(v.x), __float2bfloat16_rn(v.y), __float2bfloat16_rn(v.z),
                                      __float2bfloat16_rn(v.w)};
}

// Copies directly to shared memory.
template <class Tile, int THREADS>
class AsyncStager {
 public:
  using Map = ChunkMap<Tile, THREADS>;
  static constexpr bool kAsync = true;

  template <class Source>
  __device__ __forceinline__ void fetch(const Source& source, const Position& at, float* tile) {
    if (source.aligned()) {
#pragma unroll
      for (int i = 0; i < Map::kCount; ++i) {
        if (!Map::exists(i)) continue;
        const Chunk chunk = source.chunk(i, at);
        copy_async<16>(tile + Map::offset(i), chunk.from, chunk.valid > 0);
      }
    } else {
#pragma unroll
      for (int i = 0; i < Map::kCount; ++i) {
        if (!Map::exists(i)) continue;
        const Chunk chunk = source.chunk(i, at);
#pragma unroll 1
        for (int j = 0; j < 4; ++j)
          copy_async<4>(tile + Map::offset(i) + j, chunk.valid > j ? chunk.from + j : chunk.from, chunk.valid > j);
      }
    }
  }
  template <class Change>
  __device__ void place(float*, const Change&) {}
};

// Through registers: for values that must be mapped or rounded, and for architectures without asynchronous copies.
// Loads are issued before the multiplication of the previous tile, stores after it.
template <class Tile, class Element, int THREADS>
class RegisterStager {
 public:
  using Map = ChunkMap<Tile, THREADS>;
  static constexpr bool kAsync = false;

  template <class Source>
  __device__ void fetch(const Source& source, const Position& at, Element*) {
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) {
      if (!Map::exists(i)) continue;
      const Chunk chunk = source.chunk(i, at);
      if (source.aligned()) {
        held_[i] = chunk.valid > 0 ? __ldg(reinterpret_cast<const float4*>(chunk.from)) : float4{0, 0, 0, 0};
      } else {
        held_[i].x = chunk.valid > 0 ? __ldg(chunk.from + 0) : 0.0F;
        held_[i].y = chunk.valid > 1 ? __ldg(chunk.from + 1) : 0.0F;
        held_[i].z = chunk.valid > 2 ? __ldg(chunk.from + 2) : 0.0F;
        held_[i].w = chunk.valid > 3 ? __ldg(chunk.from + 3) : 0.0F;
      }
    }
  }
  template <class Change>
  __device__ void place(Element* tile, const Change& change) {
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) {
      if (!Map::exists(i)) continue;
      const float4 v = held_[i];
      store_four(tile + Map::offset(i), float4{change(v.x), change(v.y), change(v.z), change(v.w)});
    }
  }

 private:
  float4 held_[Map::kCount];
};

// BYPASS: the values reach shared memory unchanged.
template <class Shape, class Tile, bool BYPASS = true>
using StagerFor = std::conditional_t<BYPASS && kHasTensorCores && Shape::kPrecision != Precision::bf16,
                                     AsyncStager<Tile, Shape::kThreads>,
                                     RegisterStager<Tile, Staged<Shape::kPrecision>, Shape::kThreads>>;

// One operand of the product: a source, a stager, and its tiles of shared memory in turn.
template <class Stager, class Source, class Tile>
class Operand {
 public:
  using Element = typename Tile::Element;
  static constexpr bool kAsync = Stager::kAsync;
  static constexpr int kStages = Tile::kStages;
  __device__ Operand(Source source, SharedLine* memory)
      : source_(source), memory_(reinterpret_cast<Element*>(memory)) {}

  __device__ __forceinline__ void fetch(const Position& at, int stage) { stager_.fetch(source_, at, tile(stage)); }
  __device__ __forceinline__ void place(const Position&, int stage) { stager_.place(tile(stage), NoChange{}); }
  __device__ Element* tile(int stage) const { return memory_ + stage * Tile::kValues; }

 private:
  Source source_;
  Element* memory_;
  Stager stager_;
};

// The sum over `steps` positions from `at` on. One barrier a step: it ends the reading of one tile, which is then filled
// for kAhead steps later, and publishes the next. After the last one shared memory is free.
template <class Multiplier, class Left, class Right, class Advance>
__device__ __forceinline__ void accumulate(Multiplier& multiplier, Left& left, Right& right, Position at, int steps,
                                           const Advance& advance) {
  constexpr int kAhead = Left::kStages - 1;
  constexpr bool kAsync = Left::kAsync || Right::kAsync;
  const auto fetch = [&](int stage) {
    left.fetch(at, stage);
    right.fetch(at, stage);
  };
  const auto place = [&](int stage) {
    left.place(at, stage);
    right.place(at, stage);
  };
#pragma unroll
  for (int stage = 0; stage < kAhead; ++stage) {
    if (stage < steps) {
      if (stage > 0) advance(at);
      fetch(stage);
      place(stage);
    }
    if constexpr (kAsync) commit_copies();  // an empty group, if nothing is left: one a step
  }
  int here = 0, next = kAhead;
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    if constexpr (kAsync) wait_for_copies<kAhead - 1>();
    __syncthreads();
    const bool more = step + kAhead < steps;
    if (more) {
      advance(at);
      fetch(next);
    }
    if constexpr (kAsync) commit_copies();
    multiplier.multiply(left.tile(here), right.tile(here));
    if (more) place(next);
    next = here;
    here = here == kAhead ? 0 : here + 1;
  }
  __syncthreads();
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
