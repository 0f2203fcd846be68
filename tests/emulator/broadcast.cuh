#pragma once
// The blocks of a cluster share a tensor: each fetches half of its lines for both.
#include "cuda/warpgroup.h"
#include "tensor_maps.h"

namespace broadcast {

using namespace palimpsest::PALIMPSEST_CUDA;

enum class Mistake {
  none,
  no_sync_before,
  no_sync_after,
  released_to_own_block,
  wait_within_block,
  to_own_block,
  to_third_block,
  sync_of_one_block,
};
constexpr unsigned kLines = 64, kStage = kLines * 128, kSteps = 4, kThreads = 128;

// out (a row for each block, of 64 sums) = the sums of 64 lines of 256 values. The fourth warp copies, the first two
// add.
template <Mistake M>
__global__ void sums_of_lines(const __grid_constant__ TensorMap lines, float* out) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, full, 2);
  SHARED_ARRAY(Barrier, empty, 2);
  char* const stages = aligned(memory);
  const unsigned rank = block_rank(), warp = threadIdx.x / 32;
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; ++i) {
      init_barrier(full + i, 1);
      init_barrier(empty + i, M == Mistake::released_to_own_block ? 2 : 4);
    }
    fence_barriers();
  }
  if (M == Mistake::no_sync_before)
    __syncthreads();
  else if (M != Mistake::sync_of_one_block || rank == 0)
    sync_cluster();
  else
    wait_for(full, 0);
  if (threadIdx.x == 96) {
    for (unsigned step = 0; step < kSteps; ++step) {
      Barrier* const arrived = full + step % 2;
      if (M == Mistake::wait_within_block)
        wait_for(empty + step % 2, (step / 2 + 1) % 2);
      else
        wait_for_cluster(empty + step % 2, (step / 2 + 1) % 2);
      arrive_expecting(arrived, kStage);
      const unsigned blocks = M == Mistake::to_own_block ? 1U << rank : M == Mistake::to_third_block ? 7U : 3U;
      copy_tile_to(blocks, stages + step % 2 * kStage + rank * (kStage / 2), lines, arrived, int(step) * 64,
                   int(rank) * 32);
    }
  } else if (warp < 2) {
    float sum = 0;
    for (unsigned step = 0; step < kSteps; ++step) {
      wait_for(full + step % 2, step / 2 % 2);
      const auto* const line =
          reinterpret_cast<const __nv_bfloat16*>(stages + step % 2 * kStage + threadIdx.x * 128);  // in any order
      for (int i = 0; i < 64; ++i) sum += __bfloat162float(line[i]);
      __syncwarp();
      if (threadIdx.x % 32 == 0) {
        arrive(empty + step % 2);
        if (M != Mistake::released_to_own_block) arrive_at(empty + step % 2, rank ^ 1);
      }
    }
    out[blockIdx.x * kLines + threadIdx.x] = sum;
  }
  if (M != Mistake::no_sync_after) sync_cluster();
}

}  // namespace broadcast
