#pragma once
#include <type_traits>

#include "cuda/gemm/epilogues.cuh"
#include "cuda/gemm/warpgroup_factors.cuh"

// A product by warpgroups, for compute capability 9.0a alone. Blocks stay for many items. One thread copies the factors
// of each step into the next free stage; two warpgroups multiply them there, each half of the tile's rows, and hold the
// sums; they or a fourth warpgroup write the results. Each stage has two barriers: `full`, its bytes have arrived;
// `empty`, every consumer's warp has multiplied them, in all blocks of a cluster, as a copy may be for all of them.
namespace palimpsest::PALIMPSEST_CUDA::hopper {

template <class Tile>
struct Stages {
  unsigned char* memory;
  Barrier *full, *empty;
  __device__ unsigned char* left(int stage) const { return memory + stage * Tile::kStageBytes; }
  __device__ unsigned char* right(int stage) const { return left(stage) + Tile::kLeftBytes; }
  __device__ unsigned char* ones() const { return left(Tile::kStages); }
  // By one thread of each consumer's warp.
  __device__ void release(int stage, const Share& share) const {
    arrive(&empty[stage]);
    if (share.together == 2) arrive_at(&empty[stage], unsigned(share.rank ^ 1));
  }
};

template <class Tile, class Factors>
__device__ __forceinline__ void copy_steps(const Problem& problem, const Share& share, const Maps& maps,
                                           const Stages<Tile>& stages) {
  Turn<Tile::kStages> turn;
  for (int index = int(blockIdx.x) / share.together; index < problem.items();
       index += int(gridDim.x) / share.together) {
    const Item<Tile> item(problem, share, index);
    typename Factors::template Copies<Tile> copies(problem, share, maps, item);
#pragma unroll 1
    for (int step = item.first; step < item.last; ++step) {
      wait_for_cluster(&stages.empty[turn.stage],
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

// The threads that write results, which finish one tile after another: the consumers or the writers.
template <int FIRST, int COUNT, int BARRIER>
struct Team {
  static constexpr bool kAgain = true;
  __device__ static int thread() { return int(threadIdx.x) - FIRST; }
  __device__ static int threads() { return COUNT; }
  __device__ static void sync() { sync_threads(BARRIER, COUNT); }
};
using Consumers = Team<0, kConsumerThreads, 1>;
inline constexpr int kFirstWriter = kConsumerThreads + kWarpgroup;
using Writers = Team<kFirstWriter, kWarpgroup, 2>;

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
  template <class Any>
  __device__ void finish(const Sums&, unsigned, Any) const {}
};

// Writes ROWS x COLUMNS results by a warp from shared memory, reading for READS of them together.
template <int ROWS, int COLUMNS, int PITCH, int READS, class Epilogue>
__device__ __forceinline__ void write_results(const Problem& problem, int first_row, int first_column,
                                              const float* results, const Epilogue& epilogue,
                                              typename Epilogue::Sums& sums) {
  using Read = decltype(epilogue.template read<4>(0, 0));
  constexpr int kPerRow = COLUMNS / 4, kRowsApart = 32 / kPerRow;
  const int lane = int(threadIdx.x) % 32, row = first_row + lane / kPerRow;
  const int column = first_column + lane % kPerRow * 4, columns = problem.columns;
  const float* const from = results + lane / kPerRow * PITCH + lane % kPerRow * 4;
  const std::size_t apart = std::size_t(kRowsApart) * std::size_t(columns);
  const int rows = column < columns ? problem.rows - row : 0;
  std::size_t at = std::size_t(row) * std::size_t(columns) + std::size_t(column);
#pragma unroll 1
  for (int m = 0; m < ROWS; m += READS * kRowsApart) {
    Read read[READS];
#pragma unroll
    for (int i = 0; i < READS; ++i)
      if (m + i * kRowsApart < rows) read[i] = epilogue.template read<4>(at + i * apart, column);
#pragma unroll
    for (int i = 0; i < READS; ++i, at += apart)
      if (m + i * kRowsApart < rows)
        epilogue(at, column, gemm::read_results<4>(from + (m + i * kRowsApart) * PITCH), read[i], sums);
  }
}

// A warp's 16 rows of sums, from column `first` on, to its patch.
template <class Tile>
__device__ __forceinline__ void put(const float (&sum)[Tile::kColumns / 2], int first, float* patch) {
  const int lane = int(threadIdx.x) % 32;
#pragma unroll
  for (int j = 0; j < Tile::kPatchColumns / 8; ++j)
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int of = (first / 8 + j) * 4 + 2 * i;
      *reinterpret_cast<float2*>(patch + (8 * i + lane / 4) * Tile::kPatchPitch + 8 * j + lane % 4 * 2) =
          make_float2(sum[of], sum[of + 1]);
    }
}

// A consumer's warp writes its own rows.
template <class Tile, class Epilogue>
__device__ __forceinline__ void write_rows(const Problem& problem, const Item<Tile>& item, int warp,
                                           const float (&sum)[Tile::kColumns / 2], float* patch,
                                           const Epilogue& epilogue) {
  typename Epilogue::Sums sums;
#pragma unroll
  for (int first = 0; first < Tile::kColumns; first += Tile::kPatchColumns) {
    put<Tile>(sum, first, patch);
    __syncwarp();
    write_results<Tile::kWarpRows, Tile::kPatchColumns, Tile::kPatchPitch, gemm::kReadTogether<Epilogue>>(
        problem, item.row + warp * Tile::kWarpRows, item.column + first, patch, epilogue, sums);
    __syncwarp();
  }
  epilogue.finish(sums, unsigned(item.tile), Consumers{});
}

// Where consumers leave a tile's results for the writers. `full`: all of them have; `empty`: every writer's warp has
// read its rows.
struct Board {
  float* results;
  Barrier *full, *empty;
};

// The writers' part: each warp a quarter of the rows.
template <class Tile, class Epilogue>
__device__ __forceinline__ void write_tile(const Problem& problem, const Item<Tile>& item, const Board& board,
                                           const Epilogue& epilogue) {
  constexpr int kRowsOfWarp = kRows / (kWarpgroup / 32);
  const int row = Writers::thread() / 32 * kRowsOfWarp;
  typename Epilogue::Sums sums;
  write_results<kRowsOfWarp, Tile::kPatchColumns, Tile::kPatchPitch, 4>(
      problem, item.row + row, item.column, board.results + row * Tile::kPatchPitch, epilogue, sums);
  __syncwarp();
  if (threadIdx.x % 32 == 0) arrive(board.empty);
  epilogue.finish(sums, unsigned(item.tile), Writers{});
}

__device__ __forceinline__ Partials partials_of(const Problem& problem, int part) {
  return {problem.partials + std::size_t(part) * std::size_t(problem.rows) * std::size_t(problem.columns)};
}

template <class Tile, class Epilogue>
__device__ __forceinline__ void write_tiles(const Problem& problem, const Share& share, const Board& board,
                                            const Epilogue& epilogue) {
  unsigned phase = 0;
  for (int index = int(blockIdx.x) / share.together; index < problem.items();
       index += int(gridDim.x) / share.together, phase ^= 1U) {
    const Item<Tile> item(problem, share, index);
    wait_for(board.full, phase);
    if (problem.partials)
      write_tile(problem, item, board, partials_of(problem, item.part));
    else
      write_tile(problem, item, board, epilogue);
  }
}

// The steps of an item. With `row_sum` also the left factor by ones, whose every column is the sums of the rows.
template <class Tile, class Factors, class... RowSum>
__device__ __forceinline__ void multiply_item(const Item<Tile>& item, const Share& share, const Stages<Tile>& stages,
                                              int warpgroup, Turn<Tile::kStages>& turn,
                                              float (&sum)[Tile::kColumns / 2], RowSum&... row_sum) {
  const bool signals = threadIdx.x % 32 == 0;
  constexpr Distances kLeft(Factors::kLeft), kRight(Factors::kRight);
  int before = 0;
#pragma unroll 1
  for (int step = item.first; step < item.last; ++step) {
    const std::uint64_t left =
        shared_matrix<Factors::kLeft>(stages.left(turn.stage) + warpgroup * kBoxBytes, kLeft.between);
    const std::uint64_t right = shared_matrix<Factors::kRight>(stages.right(turn.stage), kRight.between);
    wait_for(&stages.full[turn.stage], turn.phase);
    fence_products(sum, row_sum...);
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
      const bool add = k > 0 || step > item.first;
      multiply<Tile::kColumns, Factors::kLeft, Factors::kRight>(sum, moved(left, k * kLeft.terms),
                                                                moved(right, k * kRight.terms), add);
      (multiply<kOnesColumns, Factors::kLeft, Along::sum>(row_sum, moved(left, k * kLeft.terms),
                                                          shared_matrix<Along::sum>(stages.ones(), kOnesBytes), add),
       ...);
    }
    commit_products();
    wait_for_products<1>(sum, row_sum...);  // for those of the step before
    if (signals && step > item.first) stages.release(before, share);
    before = turn.stage;
    turn.next();
  }
  wait_for_products<0>(sum, row_sum...);
  if (signals) stages.release(before, share);
}

// Of a warp's 16 rows: lane l holds the sums of rows l / 4 and 8 + l / 4 four times.
template <class Tile>
__device__ __forceinline__ void write_row_sums(const Problem& problem, const Item<Tile>& item, int warp,
                                               const float (&row_sum)[kOnesColumns / 2]) {
  const int lane = int(threadIdx.x) % 32;
  float* const to = problem.row_sums + std::size_t(item.part) * std::size_t(problem.rows);
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = item.row + warp * 16 + 8 * i + lane / 4;
    if (lane % 4 == 0 && row < problem.rows) to[row] = row_sum[2 * i];
  }
}

template <class Tile, class Factors, class Epilogue>
__device__ __forceinline__ void multiply_steps(const Problem& problem, const Share& share, const Stages<Tile>& stages,
                                               const Board& board, const Epilogue& epilogue) {
  // By a shuffle, so that the compiler knows it to be the same in all lanes: descriptors are in uniform registers.
  const int warp = __shfl_sync(0xffffffffU, int(threadIdx.x) / 32, 0), warpgroup = warp / 4;
  float* const patch = board.results + warp * (Tile::kPatchBytes / 4);
  Turn<Tile::kStages> turn;
  unsigned board_phase = 1;  // at first of the phase before the first, which is complete
  for (int index = int(blockIdx.x) / share.together; index < problem.items();
       index += int(gridDim.x) / share.together) {
    const Item<Tile> item(problem, share, index);
    float sum[Tile::kColumns / 2];
    bool with_rows = false;
    if constexpr (Factors::kRowSums) {
      with_rows = problem.row_sums && item.column == 0;
      if (with_rows) {
        float row_sum[kOnesColumns / 2];
        multiply_item<Tile, Factors>(item, share, stages, warpgroup, turn, sum, row_sum);
        write_row_sums(problem, item, warp, row_sum);
      }
    }
    if (!with_rows) multiply_item<Tile, Factors>(item, share, stages, warpgroup, turn, sum);
    if constexpr (Tile::kHasWriters) {
      wait_for(board.empty, board_phase);
      put<Tile>(sum, 0, patch);
      __syncwarp();
      if (threadIdx.x % 32 == 0) arrive(board.full);
      board_phase ^= 1U;
    } else if (problem.partials) {
      write_rows(problem, item, warp, sum, patch, partials_of(problem, item.part));
    } else {
      write_rows(problem, item, warp, sum, patch, epilogue);
    }
  }
}

__device__ __forceinline__ void sync_blocks(const Share& share) {
  if (share.together == 1)
    __syncthreads();
  else
    sync_cluster();
}

template <class Tile, class Factors, class Epilogue>
__global__ void __launch_bounds__(Tile::kThreads, 1)
    product_kernel(const __grid_constant__ Problem problem, const __grid_constant__ Maps maps,
                   const __grid_constant__ Epilogue epilogue) {
  if constexpr (kHasWarpgroups) {
    DYNAMIC_SHARED(unsigned char, memory);
    SHARED_ARRAY(Barrier, full, Tile::kStages);
    SHARED_ARRAY(Barrier, empty, Tile::kStages);
    const auto over = reinterpret_cast<std::uintptr_t>(memory) % Tile::kAlignment;
    const Stages<Tile> stages{memory + (Tile::kAlignment - over) % Tile::kAlignment, full, empty};
    SHARED_ARRAY(Barrier, of_board, 2);
    const Board board{reinterpret_cast<float*>(stages.ones() + kOnesBytes), &of_board[0], &of_board[1]};
    const Share share(problem);
    if (threadIdx.x == 0) {
      for (int stage = 0; stage < Tile::kStages; ++stage) {
        init_barrier(&full[stage], 1);
        init_barrier(&empty[stage], unsigned(kConsumerThreads / 32 * share.together));
      }
      init_barrier(board.full, kConsumerThreads / 32);
      init_barrier(board.empty, kWarpgroup / 32);
      fence_barriers();
    }
    if constexpr (Factors::kRowSums) {
      constexpr unsigned kTwoOnes = 0x3f803f80;
      for (unsigned i = threadIdx.x; i < kOnesBytes / 4; i += Tile::kThreads)
        reinterpret_cast<unsigned*>(stages.ones())[i] = kTwoOnes;
      fence_shared();
    }
    sync_blocks(share);
    if (threadIdx.x < kConsumerThreads) {
      if constexpr (Tile::kHasWriters)
        give_registers<Tile::kConsumerRegisters>();
      else
        take_registers<Tile::kConsumerRegisters>();
      multiply_steps<Tile, Factors>(problem, share, stages, board, epilogue);
    } else if (!Tile::kHasWriters || threadIdx.x < kFirstWriter) {
      give_registers<Tile::kProducerRegisters>();
      if (threadIdx.x == kConsumerThreads) copy_steps<Tile, Factors>(problem, share, maps, stages);
    } else if constexpr (Tile::kHasWriters) {
      take_registers<Tile::kWriterRegisters>();
      write_tiles<Tile>(problem, share, board, epilogue);
    }
    if (share.together == 2) sync_cluster();  // the other block may have copies and arrivals for this one
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
