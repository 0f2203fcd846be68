// Barriers and warp operations.
#include "bugs.h"

using namespace bugs;

template <bool planted>
__global__ void reversed_tile(const float* in, float* out) {
  SHARED_ARRAY(float, tile, 64);
  tile[threadIdx.x] = in[threadIdx.x];
  if constexpr (!planted) __syncthreads();
  out[threadIdx.x] = tile[63 - threadIdx.x];  // BUG missing_barrier
}
PLANTED(missing_barrier, "racecheck=data race@line") {
  Buffer<float> in(counting(64)), out(64);
  if (planted)
    CUDA_LAUNCH(reversed_tile<true>, 1, 64, 0, nullptr, in.get(), out.get());
  else
    CUDA_LAUNCH(reversed_tile<false>, 1, 64, 0, nullptr, in.get(), out.get());
  MUST_LAUNCH();
  if (!planted) EXPECT(out.host()[0] == 63);
}

template <bool planted>
__global__ void neighbours_in_turn(float* out) {
  SHARED_ARRAY(float, tile, 64);
  float sum = 0;
  for (int round = 0; round < 4; ++round) {
    tile[threadIdx.x] = static_cast<float>(threadIdx.x + round);  // BUG missing_second_barrier
    __syncthreads();
    sum += tile[(threadIdx.x + 33) % 64];
    if constexpr (!planted) __syncthreads();
  }
  out[threadIdx.x] = sum;
}
PLANTED(missing_second_barrier, "racecheck=data race@line") {
  Buffer<float> out(64);
  if (planted)
    CUDA_LAUNCH(neighbours_in_turn<true>, 1, 64, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(neighbours_in_turn<false>, 1, 64, 0, nullptr, out.get());
  MUST_LAUNCH();
  if (!planted) EXPECT(out.host()[0] == 4 * 33 + 6);
}

template <bool planted>
__global__ void exchange_in_warp(float* out) {
  SHARED_ARRAY(float, tile, 32);
  tile[threadIdx.x] = static_cast<float>(threadIdx.x);
  if constexpr (!planted) __syncwarp();
  out[threadIdx.x] = tile[threadIdx.x ^ 1];  // BUG missing_warp_barrier
}
PLANTED(missing_warp_barrier, "racecheck=data race@line") {
  Buffer<float> out(32);
  if (planted)
    CUDA_LAUNCH(exchange_in_warp<true>, 1, 32, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(exchange_in_warp<false>, 1, 32, 0, nullptr, out.get());
  MUST_LAUNCH();
  if (!planted) EXPECT(out.host()[0] == 1);
}

// A warp barrier orders one warp only.
template <bool planted>
__global__ void exchange_between_warps(float* out) {
  SHARED_ARRAY(float, tile, 64);
  tile[threadIdx.x] = static_cast<float>(threadIdx.x);
  if constexpr (planted)
    __syncwarp();
  else
    __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x ^ 32];  // BUG warp_barrier_for_block
}
PLANTED(warp_barrier_for_block, "racecheck=data race@line") {
  Buffer<float> out(64);
  if (planted)
    CUDA_LAUNCH(exchange_between_warps<true>, 1, 64, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(exchange_between_warps<false>, 1, 64, 0, nullptr, out.get());
  MUST_LAUNCH();
  if (!planted) EXPECT(out.host()[0] == 32);
}

template <bool planted>
__global__ void barrier_in_branches(int* out) {
  if constexpr (planted) {
    if (threadIdx.x % 2 == 0) {
      __syncthreads();
      out[threadIdx.x] = 1;
    } else {
      __syncthreads();  // BUG divergent_barrier
      out[threadIdx.x] = 2;
    }
  } else {
    __syncthreads();
    out[threadIdx.x] = threadIdx.x % 2 == 0 ? 1 : 2;
  }
}
PLANTED(divergent_barrier, "plain=divergent barrier@line") {
  Buffer<int> out(64);
  if (planted)
    CUDA_LAUNCH(barrier_in_branches<true>, 1, 64, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(barrier_in_branches<false>, 1, 64, 0, nullptr, out.get());
  MUST_LAUNCH();
}

template <bool planted>
__global__ void half_of_a_warp(float* out) {
  float value = static_cast<float>(threadIdx.x);
  constexpr unsigned mask = planted ? 0x00000fffu : 0x0000ffffu;
  if (threadIdx.x < 16) value += __shfl_xor_sync(mask, value, 1);  // BUG caller_not_in_mask
  out[threadIdx.x] = value;
}
PLANTED(caller_not_in_mask, "plain=wrong mask@line") {
  Buffer<float> out(32);
  if (planted)
    CUDA_LAUNCH(half_of_a_warp<true>, 1, 32, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(half_of_a_warp<false>, 1, 32, 0, nullptr, out.get());
  MUST_LAUNCH();
}

template <bool planted>
__global__ void last_lanes_leave(float* out) {
  float value = static_cast<float>(threadIdx.x);
  if (planted && threadIdx.x >= 16) return;
  value += __shfl_down_sync(0xffffffffu, value, 16);  // BUG inactive_lane
  out[threadIdx.x] = value;
}
PLANTED(inactive_lane, "plain=inactive lane@line") {
  Buffer<float> out(32);
  if (planted)
    CUDA_LAUNCH(last_lanes_leave<true>, 1, 32, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(last_lanes_leave<false>, 1, 32, 0, nullptr, out.get());
  MUST_LAUNCH();
}

template <bool planted>
__global__ void votes_by_halves(int* out) {
  const unsigned own = threadIdx.x < 16 ? 0x0000ffffu : 0xffff0000u;
  const unsigned mask = planted && threadIdx.x >= 16 ? 0xffffffffu : own;
  out[threadIdx.x] = __any_sync(mask, threadIdx.x == 3);  // BUG lanes_disagree
  __syncwarp();
}
PLANTED(lanes_disagree, "plain=lanes disagree@line") {
  Buffer<int> out(32);
  if (planted)
    CUDA_LAUNCH(votes_by_halves<true>, 1, 32, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(votes_by_halves<false>, 1, 32, 0, nullptr, out.get());
  MUST_LAUNCH();
  if (!planted) EXPECT(out.host()[0] == 1 && out.host()[16] == 0);
}

template <bool planted>
__global__ void shuffle_beside_barrier(float* out) {
  float value = 1;
  if (!planted || threadIdx.x < 31) value = __shfl_sync(0xffffffffu, value, 0);  // BUG mask_names_waiting_lane
  __syncthreads();
  out[threadIdx.x] = value;
}
PLANTED(mask_names_waiting_lane, "plain=wrong mask@line") {
  Buffer<float> out(32);
  if (planted)
    CUDA_LAUNCH(shuffle_beside_barrier<true>, 1, 32, 0, nullptr, out.get());
  else
    CUDA_LAUNCH(shuffle_beside_barrier<false>, 1, 32, 0, nullptr, out.get());
  MUST_LAUNCH();
}
