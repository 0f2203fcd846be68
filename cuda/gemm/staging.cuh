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

// Of one 32-bit word: a float, or two BF16, which every map and sign keeps exact.
template <class Element, class Change>
__device__ __forceinline__ unsigned changed(unsigned word, const Change& change) {
  if constexpr (sizeof(Element) == 4) {
    return __float_as_uint(change(__uint_as_float(word)));
  } else {
    const float low = change(__uint_as_float(word << 16)), high = change(__uint_as_float(word & 0xffff0000U));
    return __float_as_uint(low) >> 16 | (__float_as_uint(high) & 0xffff0000U);
  }
}

// Copies directly to shared memory.
template <class Tile, int THREADS>
class AsyncStager {
 public:
  using Map = ChunkMap<Tile, THREADS>;
  using Element = typename Map::Element;
  static constexpr bool kAsync = true;

  template <bool ALIGNED, class Source>
  __device__ __forceinline__ void fetch(const Source& source, const Position& at, Element* tile) {
    const Run<Element> run = source.run(at);
    if constexpr (ALIGNED) {
#pragma unroll
      for (int i = 0; i < Map::kCount; ++i)
        if (Map::exists(i)) copy_async<16>(tile + Map::offset(i), run.from + source.offset(i), run.lines & 1U << i);
    } else {
#pragma unroll 1
      for (int j = 0; j < 4; ++j)
#pragma unroll
        for (int i = 0; i < Map::kCount; ++i)
          if (Map::exists(i))
            copy_async<4>(tile + Map::offset(i) + j, run.from + source.offset(i) + j,
                          run.valid > j ? run.lines & 1U << i : 0U);
    }
  }
  template <class Change>
  __device__ void place(Element*, const Change&) {}
};

// Through registers: for values that must be mapped, and for architectures without asynchronous copies. Loads are
// issued before the multiplication of the previous tile, stores after it.
template <class Tile, int THREADS>
class RegisterStager {
 public:
  using Map = ChunkMap<Tile, THREADS>;
  using Element = typename Map::Element;
  static constexpr bool kAsync = false;

  template <bool ALIGNED, class Source>
  __device__ __forceinline__ void fetch(const Source& source, const Position& at) {
    const Run<Element> run = source.run(at);
    if constexpr (ALIGNED) {
#pragma unroll
      for (int i = 0; i < Map::kCount; ++i) {
        held_[i] = uint4{0, 0, 0, 0};
        if (run.lines & 1U << i) held_[i] = __ldg(reinterpret_cast<const uint4*>(run.from + source.offset(i)));
      }
    } else {
#pragma unroll
      for (int i = 0; i < Map::kCount; ++i) {
        const float* const from = run.from + source.offset(i);
        const int valid = run.lines & 1U << i ? run.valid : 0;
        held_[i].x = __float_as_uint(valid > 0 ? __ldg(from + 0) : 0.0F);
        held_[i].y = __float_as_uint(valid > 1 ? __ldg(from + 1) : 0.0F);
        held_[i].z = __float_as_uint(valid > 2 ? __ldg(from + 2) : 0.0F);
        held_[i].w = __float_as_uint(valid > 3 ? __ldg(from + 3) : 0.0F);
      }
    }
  }
  template <bool ALIGNED, class Source>
  __device__ __forceinline__ void fetch(const Source& source, const Position& at, Element*) {
    fetch<ALIGNED>(source, at);
  }
  template <class Change>
  __device__ void place(Element* tile, const Change& change) {
#pragma unroll
    for (int i = 0; i < Map::kCount; ++i) {
      if (!Map::exists(i)) continue;
      const uint4 v = held_[i];
      *reinterpret_cast<uint4*>(tile + Map::offset(i)) = {changed<Element>(v.x, change), changed<Element>(v.y, change),
                                                          changed<Element>(v.z, change), changed<Element>(v.w, change)};
    }
  }

 private:
  uint4 held_[Map::kCount] = {};
};

// For values that reach shared memory unchanged.
template <class Shape, class Tile>
using StagerFor =
    std::conditional_t<kHasTensorCores, AsyncStager<Tile, Shape::kThreads>, RegisterStager<Tile, Shape::kThreads>>;

// One operand of the product: a source, and a stager to its tiles of shared memory.
template <class Stager, class Source, class Tile>
class Operand {
 public:
  using Element = typename Tile::Element;
  static constexpr bool kAsync = Stager::kAsync;
  static constexpr int kStages = Tile::kStages, kValues = Tile::kValues;
  __device__ explicit Operand(const Source& source) : source_(source) {}

  __device__ bool aligned() const { return source_.aligned(); }
  template <bool ALIGNED>
  __device__ __forceinline__ void fetch(const Position& at, Element* tile) {
    stager_.template fetch<ALIGNED>(source_, at, tile);
  }
  __device__ __forceinline__ void place(const Position&, Element* tile) { stager_.place(tile, NoChange{}); }

 private:
  Source source_;
  Stager stager_;
};

// The sum over `steps` positions from `at` on. `memory` has kStages stages, each a tile of the left operand and one of
// the right. One barrier a step: it ends the reading of a stage, which is then filled for kAhead steps later, and
// publishes the next. After the last one shared memory is free.
template <bool ALIGNED, class Multiplier, class Left, class Right, class Advance>
__device__ __forceinline__ void accumulate_as(Multiplier& multiplier, Left& left, Right& right, SharedLine* memory,
                                              Position at, int steps, const Advance& advance) {
  constexpr int kStages = Left::kStages, kAhead = kStages - 1, kStage = Left::kValues + Right::kValues;
  constexpr bool kAsync = Left::kAsync || Right::kAsync;
  using Element = typename Left::Element;
  const auto fetch = [&](Element* stage) {
    left.template fetch<ALIGNED>(at, stage);
    right.template fetch<ALIGNED>(at, stage + Left::kValues);
  };
  const auto place = [&](Element* stage) {
    left.place(at, stage);
    right.place(at, stage + Left::kValues);
  };
  auto* here = reinterpret_cast<Element*>(memory);
#pragma unroll
  for (int step = 0; step < kAhead; ++step) {
    if (step < steps) {
      if (step > 0) advance(at);
      fetch(here + step * kStage);
      place(here + step * kStage);
    }
    if constexpr (kAsync) commit_copies();  // an empty group, if nothing is left: one a step
  }
  Element* next = here + kAhead * kStage;
  int until_first = kStages;  // steps, until `here` is the first stage again
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
    multiplier.multiply(here, here + Left::kValues);
    if (more) place(next);
    next = here;
    here += kStage;
    if (--until_first == 0) here -= kStages * kStage, until_first = kStages;
  }
  __syncthreads();
}

template <class Multiplier, class Left, class Right, class Advance>
__device__ __forceinline__ void accumulate(Multiplier& multiplier, Left& left, Right& right, SharedLine* memory,
                                           const Position& at, int steps, const Advance& advance) {
  constexpr bool kPadded = sizeof(typename Left::Element) == 2;  // rows of BF16 are whole chunks
  if (kPadded || (left.aligned() && right.aligned()))
    accumulate_as<true>(multiplier, left, right, memory, at, steps, advance);
  else
    accumulate_as<kPadded>(multiplier, left, right, memory, at, steps, advance);
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
