// Asynchronous copies and wmma fragments.
#include <cuda_pipeline.h>
#include <mma.h>

#include "bugs.h"

using namespace bugs;
namespace wmma = nvcuda::wmma;

__global__ void copy_in(const float* in, float* out, bool wait) {
  SHARED_ARRAY(float, tile, 32);
  __pipeline_memcpy_async(tile + threadIdx.x, in + threadIdx.x, sizeof(float));  // BUG missing_copy_wait
  __pipeline_commit();
  if (wait) __pipeline_wait_prior(0);
  out[threadIdx.x] = tile[threadIdx.x];
}
PLANTED(missing_copy_wait, "plain=missing wait@line") {
  Buffer<float> in(counting(32)), out(32);
  CUDA_LAUNCH(copy_in, 1, 32, 0, nullptr, in.get(), out.get(), !planted);
  MUST_LAUNCH();
  if (!planted) EXPECT(out.host()[7] == 7);
}

// Two stages in flight: reading the second needs a wait for all.
__global__ void two_stages(const float* in, float* out, int left) {
  SHARED_ARRAY(float, tile, 64);
  for (unsigned stage = 0; stage < 2; ++stage) {
    __pipeline_memcpy_async(tile + stage * 32 + threadIdx.x, in + stage * 32 + threadIdx.x, sizeof(float));
    __pipeline_commit();
  }
  __pipeline_wait_prior(static_cast<std::size_t>(left));
  out[threadIdx.x] = tile[32 + threadIdx.x];  // BUG wait_for_wrong_stage
  __pipeline_wait_prior(0);
}
PLANTED(wait_for_wrong_stage, "plain=wrong result;racecheck=uninitialised read@line") {
  Buffer<float> in(counting(64)), out(32);
  CUDA_LAUNCH(two_stages, 1, 32, 0, nullptr, in.get(), out.get(), planted ? 1 : 0);
  MUST_LAUNCH();
  EXPECT(out.host()[7] == 39);
}

// A wait covers the thread's own copies; another thread's need a barrier as well.
template <bool planted>
__global__ void copy_for_neighbour(const float* in, float* out) {
  SHARED_ARRAY(float, tile, 64);
  __pipeline_memcpy_async(tile + threadIdx.x, in + threadIdx.x, sizeof(float));
  __pipeline_commit();
  __pipeline_wait_prior(0);
  if constexpr (!planted) __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x ^ 33];  // BUG copy_without_barrier
}
PLANTED(copy_without_barrier, "plain=wrong result") {
  Buffer<float> in(counting(64)), out(64);
  if (planted)
    CUDA_LAUNCH(copy_for_neighbour<true>, 1, 64, 0, nullptr, in.get(), out.get());
  else
    CUDA_LAUNCH(copy_for_neighbour<false>, 1, 64, 0, nullptr, in.get(), out.get());
  MUST_LAUNCH();
  const std::vector<float> result = out.host();
  for (int i = 0; i < 64; ++i) EXPECT(result[static_cast<std::size_t>(i)] == static_cast<float>(i ^ 33));
}

__global__ void copy_unaligned(const float* in, float* out, int offset) {
  SHARED_ARRAY(float4, tile, 2);
  if (threadIdx.x == 0) __pipeline_memcpy_async(tile, in + offset, 16);  // BUG misaligned_async_copy
  __pipeline_commit();
  __pipeline_wait_prior(0);
  if (threadIdx.x == 0) out[0] = tile[0].x;
}
PLANTED(misaligned_async_copy, "plain=invalid asynchronous copy@line") {
  Buffer<float> in(counting(32)), out(1);
  CUDA_LAUNCH(copy_unaligned, 1, 32, 0, nullptr, in.get(), out.get(), planted ? 1 : 4);
  MUST_LAUNCH();
}

// c = a * b for 16 x 8 and 8 x 16, on one warp.
template <bool rounded, bool by_order>
__global__ void multiply(const float* a, const float* b, float* c) {
  wmma::fragment<wmma::matrix_a, 16, 16, 8, wmma::precision::tf32, wmma::row_major> left;
  wmma::fragment<wmma::matrix_b, 16, 16, 8, wmma::precision::tf32, wmma::row_major> right;
  wmma::fragment<wmma::accumulator, 16, 16, 8, float> sum;
  wmma::fill_fragment(sum, 0.0f);
  wmma::load_matrix_sync(left, a, 8);
  wmma::load_matrix_sync(right, b, 16);
  if constexpr (rounded) {
    for (int e = 0; e < left.num_elements; ++e) left.x[e] = wmma::__float_to_tf32(left.x[e]);
    for (int e = 0; e < right.num_elements; ++e) right.x[e] = wmma::__float_to_tf32(right.x[e]);
  }
  wmma::mma_sync(sum, left, right, sum);
  if constexpr (by_order) {
    for (int e = 0; e < sum.num_elements; ++e) c[threadIdx.x * 8 + static_cast<unsigned>(e)] = sum.x[e];
  } else {
    wmma::store_matrix_sync(c, sum, 16, wmma::mem_row_major);
  }
}
static std::vector<float> product(void (*kernel)(const float*, const float*, float*), float a, float b) {
  std::vector<float> left(128, a), right(128, b);
  for (std::size_t i = 0; i < 128; ++i) left[i] = a * static_cast<float>(1 + i / 8);  // row r holds a (r + 1)
  Buffer<float> da(left), db(right), dc(256);
  CUDA_LAUNCH(kernel, 1, 32, 0, nullptr, da.get(), db.get(), dc.get());
  MUST_LAUNCH();
  return dc.host();
}
PLANTED(fragment_order_assumed, "plain=wrong result") {
  const std::vector<float> c = product(planted ? multiply<true, true> : multiply<true, false>, 1, 1);
  for (std::size_t i = 0; i < 256; ++i) EXPECT(c[i] == 8 * static_cast<float>(1 + i / 16));
}

PLANTED(missing_tf32_rounding, "plain=wrong result") {
  constexpr float kJustBelow = 1.99999f;  // rounds to 2, truncates to 1.99902
  const std::vector<float> c = product(planted ? multiply<false, false> : multiply<true, false>, kJustBelow, 1);
  EXPECT(c[0] == 16);
}

__global__ void load_at(const float* a, float* c, int offset) {
  wmma::fragment<wmma::accumulator, 16, 16, 8, float> sum;
  wmma::load_matrix_sync(sum, a + offset, 16, wmma::mem_row_major);  // BUG misaligned_matrix
  wmma::store_matrix_sync(c, sum, 16, wmma::mem_row_major);
}
PLANTED(misaligned_matrix, "plain=misaligned matrix@line") {
  Buffer<float> a(counting(512)), c(256);
  CUDA_LAUNCH(load_at, 1, 32, 0, nullptr, a.get(), c.get(), planted ? 4 : 8);
  MUST_LAUNCH();
}

__global__ void half_a_warp_loads(const float* a, float* c, bool whole) {
  wmma::fragment<wmma::accumulator, 16, 16, 8, float> sum;
  const float* from = whole || threadIdx.x < 16 ? a : a + 8;
  wmma::load_matrix_sync(sum, from, 16, wmma::mem_row_major);  // BUG lanes_load_apart
  wmma::store_matrix_sync(c, sum, 16, wmma::mem_row_major);
}
PLANTED(lanes_load_apart, "plain=lanes disagree@line") {
  Buffer<float> a(counting(512)), c(256);
  CUDA_LAUNCH(half_a_warp_loads, 1, 32, 0, nullptr, a.get(), c.get(), !planted);
  MUST_LAUNCH();
}
