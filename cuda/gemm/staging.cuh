#pragma once
#include <cuda_pipeline.h>

#include "cuda/gemm/operands.cuh"

// From global to shared memory, one tile ahead of the multiplication.
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

// Copies directly to shared memory, awaited after the multiplication of the previous tile.
template <class Tile, int THREADS>
class AsyncStager {
 public:
  using Map = ChunkMap<Tile, THREADS>;

  template <class Source>
  __device__ void fetch(const Source& source, const Position& at, float* tile) {
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) {
      if (!Map::exists(i)) continue;
      const Chunk chunk = source.chunk(i, at);
      float* const to = tile + Map::line(i) * Tile::kPitch + Map::column();
      if (source.aligned()) {
        __pipeline_memcpy_async(to, chunk.from, 16, chunk.valid > 0 ? 0 : 16);
      } else {
#pragma unroll 1
        for (int j = 0; j < 4; ++j)
          __pipeline_memcpy_async(to + j, chunk.valid > j ? chunk.from + j : chunk.from, 4, chunk.valid > j ? 0 : 4);
      }
    }
  }
  template <class Change>
  __device__ void place(float*, const Change&) {}
  __device__ static void commit() { __pipeline_commit(); }
  __device__ static void wait() { __pipeline_wait_prior(0); }
};

// Through registers: for values that must be mapped or rounded, and for architectures without asynchronous copies.
// Loads are issued before the multiplication of the previous tile, stores after it.
template <class Tile, class Element, int THREADS>
class RegisterStager {
 public:
  using Map = ChunkMap<Tile, THREADS>;

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
      store_four(tile + Map::line(i) * Tile::kPitch + Map::column(),
                 float4{change(v.x), change(v.y), change(v.z), change(v.w)});
    }
  }
  __device__ static void commit() {}
  __device__ static void wait() {}

 private:
  float4 held_[Map::kCount];
};

// BYPASS: the values reach shared memory unchanged.
template <class Shape, class Tile, bool BYPASS = true>
using StagerFor = std::conditional_t<BYPASS && kHasTensorCores && Shape::kPrecision != Precision::bf16,
                                     AsyncStager<Tile, Shape::kThreads>,
                                     RegisterStager<Tile, Staged<Shape::kPrecision>, Shape::kThreads>>;

// One operand of the product: a source, a stager, and two alternating tiles of shared memory.
template <class Stager, class Source, class Tile, class Element>
class Operand {
 public:
  __device__ Operand(Source source, SharedLine* memory)
      : source_(source), memory_(reinterpret_cast<Element*>(memory)) {}

  __device__ void fetch(const Position& at, int stage) { stager_.fetch(source_, at, tile(stage)); }
  __device__ void place(const Position&, int stage) { stager_.place(tile(stage), NoChange{}); }
  __device__ Element* tile(int stage) const { return memory_ + stage * Tile::kValues; }
  __device__ static void commit() { Stager::commit(); }
  __device__ static void wait() { Stager::wait(); }

 private:
  Source source_;
  Element* memory_;
  Stager stager_;
};

// The sum over `steps` positions from `at` on. One barrier per step: it ends the reading of one tile and publishes the
// other, filled meanwhile. After the last one shared memory is free.
template <class Multiplier, class Left, class Right, class Advance>
__device__ __forceinline__ void accumulate(Multiplier& multiplier, Left& left, Right& right, Position at, int steps,
                                           const Advance& advance) {
  const auto fetch = [&](int stage) {
    left.fetch(at, stage);
    right.fetch(at, stage);
    left.commit();
    right.commit();
  };
  const auto arrive = [&](int stage) {
    left.place(at, stage);
    right.place(at, stage);
    left.wait();
    right.wait();
  };
  if (steps <= 0) return;
  fetch(0);
  arrive(0);
  __syncthreads();
  for (int step = 0; step < steps; ++step) {
    const int here = step & 1, next = here ^ 1;
    const bool more = step + 1 < steps;
    if (more) {
      advance(at);
      fetch(next);
    }
    multiplier.multiply(left.tile(here), right.tile(here));
    if (more) arrive(next);
    __syncthreads();
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
