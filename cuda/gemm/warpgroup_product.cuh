#pragma once
#include <type_traits>

#include "cuda/gemm/epilogues.cuh"
#include "cuda/gemm/warpgroup_factors.cuh"

// A product by warpgroups, for compute capability 9.0a alone. Blocks stay for many items. One thread copies the factors
// of each step into the next free stage; two warpgroups multiply them there, each half of the tile's rows, and hold the
// sums. Each stage has two barriers: `full`, its bytes have arrived; `empty`, every consumer's warp has multiplied
// them.
namespace palimpsest::PALIMPSEST_CUDA::hopper {

template <class Tile>
struct Stages {
  unsigned char* memory;
  Barrier *full, *empty;
  __device__ unsigned char* left(int stage) const { return memory + stage * Tile::kStageBytes; }
  __device__ unsigned char* right(int stage) const { return left(stage) + Tile::kLeftBytes; }
};

template <class Tile, class Factors>
__device__ __forceinline__ void copy_steps(const Problem& problem, const Maps& maps, const Stages<Tile>& stages) {
  Turn<Tile::kStages> turn;
  for (int index = int(blockIdx.x); index < problem.tiles() * problem.parts; index += int(gridDim.x)) {
    const Item<Tile> item(problem, index);
    typename Factors::template Copies<Tile> copies(problem, maps, item);
#pragma unroll 1
    for (int step = item.first; step < item.last; ++step) {
      wait_for(&stages.empty[turn.stage],
               turn.phase ^ 1U);  // at first for the phase before the first, which is complete
      arrive_expecting(&stages.full[turn.stage], Tile::kStageBytes);
      copies.fetch(&stages.full[turn.stage], stages.left(turn.stage), stages.right(turn.stage));
      turn.next();
    }
  }
}

// Bytes of a stage between atoms of 8 rows, or boxes; and from 16 terms of the sum to the next.
struct Distances {
  __host__ __device__ explicit constexpr Distances(Along along)
      : between(along == Along::sum ? 1024 : kBoxBytes), terms(along == Along::sum ? 32 : 16 * 128) {}
  unsigned between, terms;
};

// The threads that multiply, which finish one tile after another.
struct Consumers {
  static constexpr bool kAgain = true;
  __device__ static int thread() { return int(threadIdx.x); }
  __device__ static int threads() { return kConsumerThreads; }
  __device__ static void sync() { sync_threads(1, kConsumerThreads); }
};

// In place of the epilogue of a sum in parts.
struct Partials {
  float* to;
  struct Sums {};
  struct Read {};
  template <int WIDTH>
  __device__ Read read(std::size_t, int) const {
    return {};
  }
  template <int WIDTH>
  __device__ __forceinline__ void operator()(std::size_t at, int, const gemm::Results<WIDTH>& results, Read,
                                             Sums&) const {
    gemm::write_results(to + at, results);
  }
  __device__ void finish(const Sums&, unsigned, Consumers) const {}
};

// A warp's 16 rows of a tile, 32 columns at a time through its patch.
template <class Tile, class Epilogue>
__device__ __forceinline__ void write_rows(const Problem& problem, const Item<Tile>& item, int warp,
                                           const float (&sum)[Tile::kColumns / 2], float* patch,
                                           const Epilogue& epilogue) {
  using Read = decltype(epilogue.template read<4>(0, 0));
  constexpr int kPerRow = Tile::kPatchColumns / 4, kRowsApart = 32 / kPerRow, kCount = gemm::kReadTogether<Epilogue>;
  const int lane = int(threadIdx.x) % 32, row = item.row + warp * 16 + lane / kPerRow;
  const int column = item.column + lane % kPerRow * 4, columns = problem.columns;
  const float* const from = patch + lane / kPerRow * Tile::kPatchPitch + lane % kPerRow * 4;
  const std::size_t origin = std::size_t(row) * std::size_t(columns) + std::size_t(column);
  const std::size_t apart = std::size_t(kRowsApart) * std::size_t(columns);
  typename Epilogue::Sums sums;
#pragma unroll
  for (int first = 0; first < Tile::kColumns; first += Tile::kPatchColumns) {
#pragma unroll
    for (int j = 0; j < Tile::kPatchColumns / 8; ++j)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int of = (first / 8 + j) * 4 + 2 * i;
        *reinterpret_cast<float2*>(patch + (8 * i + lane / 4) * Tile::kPatchPitch + 8 * j + lane % 4 * 2) =
            make_float2(sum[of], sum[of + 1]);
      }
    __syncwarp();
    const int rows = column + first < columns ? problem.rows - row : 0;
    std::size_t at = origin + first;
#pragma unroll 1
    for (int m = 0; m < 16; m += kCount * kRowsApart) {
      Read read[kCount];
#pragma unroll
      for (int i = 0; i < kCount; ++i)
        if (m + i * kRowsApart < rows) read[i] = epilogue.template read<4>(at + i * apart, column + first);
#pragma unroll
      for (int i = 0; i < kCount; ++i, at += apart)
        if (m + i * kRowsApart < rows)
          epilogue(at, column + first, gemm::read_results<4>(from + (m + i * kRowsApart) * Tile::kPatchPitch), read[i],
                   sums);
    }
    __syncwarp();
  }
  epilogue.finish(sums, unsigned(item.tile), Consumers{});
}

template <class Tile, class Factors, class Epilogue>
__device__ __forceinline__ void multiply_steps(const Problem& problem, const Stages<Tile>& stages, float* patches,
                                               const Epilogue& epilogue) {
  // By a shuffle, so that the compiler knows it to be the same in all lanes: descriptors are in uniform registers.
  const int warp = __shfl_sync(0xffffffffU, int(threadIdx.x) / 32, 0), warpgroup = warp / 4;
  const bool signals = threadIdx.x % 32 == 0;
  float* const patch = patches + warp * (Tile::kPatchBytes / 4);
  constexpr Distances kLeft(Factors::kLeft), kRight(Factors::kRight);
  Turn<Tile::kStages> turn;
  for (int index = int(blockIdx.x); index < problem.tiles() * problem.parts; index += int(gridDim.x)) {
    const Item<Tile> item(problem, index);
    float sum[Tile::kColumns / 2];
    int before = 0;
#pragma unroll 1
    for (int step = item.first; step < item.last; ++step) {
      const std::uint64_t left =
          shared_matrix<Factors::kLeft>(stages.left(turn.stage) + warpgroup * kBoxBytes, kLeft.between);
      const std::uint64_t right = shared_matrix<Factors::kRight>(stages.right(turn.stage), kRight.between);
      wait_for(&stages.full[turn.stage], turn.phase);
      fence_products(sum);
#pragma unroll
      for (int k = 0; k < kDepth / 16; ++k)
        multiply<Tile::kColumns, Factors::kLeft, Factors::kRight>(
            sum, moved(left, k * kLeft.terms), moved(right, k * kRight.terms), k > 0 || step > item.first);
      commit_products();
      wait_for_products<1>(sum);  // for those of the step before
      if (signals && step > item.first) arrive(&stages.empty[before]);
      before = turn.stage;
      turn.next();
    }
    wait_for_products<0>(sum);
    if (signals) arrive(&stages.empty[before]);
    if (problem.partials)
      write_rows(problem, item, warp, sum, patch,
                 Partials{problem.partials +
                          std::size_t(item.part) * std::size_t(problem.rows) * std::size_t(problem.columns)});
    else
      write_rows(problem, item, warp, sum, patch, epilogue);
  }
}

template <class Tile, class Factors, class Epilogue>
__global__ void __launch_bounds__(kBlockThreads, 1)
    product_kernel(const __grid_constant__ Problem problem, const __grid_constant__ Maps maps,
                   const __grid_constant__ Epilogue epilogue) {
  if constexpr (kHasWarpgroups) {
    DYNAMIC_SHARED(unsigned char, memory);
    SHARED_ARRAY(Barrier, full, Tile::kStages);
    SHARED_ARRAY(Barrier, empty, Tile::kStages);
    const auto over = reinterpret_cast<std::uintptr_t>(memory) % Tile::kAlignment;
    const Stages<Tile> stages{memory + (Tile::kAlignment - over) % Tile::kAlignment, full, empty};
    auto* const patches = reinterpret_cast<float*>(stages.left(Tile::kStages));
    if (threadIdx.x == 0) {
      for (int stage = 0; stage < Tile::kStages; ++stage) {
        init_barrier(&full[stage], 1);
        init_barrier(&empty[stage], kConsumerThreads / 32);
      }
      fence_barriers();
    }
    __syncthreads();
    if (threadIdx.x < kConsumerThreads) {
      take_registers<kConsumerRegisters>();
      multiply_steps<Tile, Factors>(problem, stages, patches, epilogue);
    } else {
      give_registers<kProducerRegisters>();
      if (threadIdx.x == kConsumerThreads) copy_steps<Tile, Factors>(problem, maps, stages);
    }
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
