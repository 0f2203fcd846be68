// Asynchronous copies and the fragments of tensor cores.
#include <cuda_pipeline.h>

#include "bugs.h"
#include "cuda/tensor_core.h"

using namespace bugs;
using namespace palimpsest::PALIMPSEST_CUDA;

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

// c = a * b for 16 x 8 and 8 x 8, on one warp, by the documented layout of the fragments.
template <bool rounded, bool swapped>
__global__ void multiply(const float* a, const float* b, float* c) {
  const unsigned g = threadIdx.x / 4, t = threadIdx.x % 4;
  const auto factor = [](float value) { return rounded ? to_tf32(value) : __float_as_uint(value); };
  unsigned upper[2], lower[2], right[2];
  for (unsigned half = 0; half < 2; ++half) {
    upper[half] = factor(a[g * 8 + 4 * half + t]);
    lower[half] = factor(a[(g + 8) * 8 + 4 * half + t]);
    right[half] = factor(b[(4 * half + t) * 8 + g]);
  }
  float sum[4] = {};
  if constexpr (swapped)
    mma_tf32(sum, lower, upper, right);
  else
    mma_tf32(sum, upper, lower, right);
  for (unsigned e = 0; e < 4; ++e) c[(g + e / 2 * 8) * 8 + 2 * t + e % 2] = sum[e];
}
static std::vector<float> product(void (*kernel)(const float*, const float*, float*), float a, float b) {
  std::vector<float> left(128, a), right(64, b);
  for (std::size_t i = 0; i < 128; ++i) left[i] = a * static_cast<float>(1 + i / 8);  // row r holds a (r + 1)
  Buffer<float> da(left), db(right), dc(128);
  CUDA_LAUNCH(kernel, 1, 32, 0, nullptr, da.get(), db.get(), dc.get());
  MUST_LAUNCH();
  return dc.host();
}
PLANTED(fragment_rows_swapped, "plain=wrong result") {
  const std::vector<float> c = product(planted ? multiply<true, true> : multiply<true, false>, 1, 1);
  for (std::size_t i = 0; i < 128; ++i) EXPECT(c[i] == 8 * static_cast<float>(1 + i / 8));
}

PLANTED(missing_tf32_rounding, "plain=wrong result") {
  constexpr float kJustBelow = 1.99999f;  // rounds to 2, truncates to 1.99902
  const std::vector<float> c = product(planted ? multiply<false, false> : multiply<true, false>, kJustBelow, 1);
  EXPECT(c[0] == 16);
}

__global__ void half_a_warp_multiplies(float* c, bool whole) {
  const unsigned zero[2] = {};
  float sum[4] = {1, 1, 1, 1};
  if (whole || threadIdx.x < 16) mma_bf16(sum, zero, zero, zero);  // BUG lanes_missing_in_product
  c[threadIdx.x] = sum[0];
}
PLANTED(lanes_missing_in_product, "plain=wrong mask@line") {
  Buffer<float> c(32);
  CUDA_LAUNCH(half_a_warp_multiplies, 1, 32, 0, nullptr, c.get(), !planted);
  MUST_LAUNCH();
}

// Four matrices of 8 x 4 floats, rows of 16 bytes one behind the other. In global memory, or misplaced by 8 bytes, they
// must be refused; rows of the next matrix are a wrong result.
enum class Rows { right, next_matrix, misaligned, global };
template <Rows rows>
__global__ void load_rows(const float* in, unsigned* out) {
  SHARED_ARRAY(float4, tile, 48);
  tile[threadIdx.x] = reinterpret_cast<const float4*>(in)[threadIdx.x];
  if (threadIdx.x < 16) tile[threadIdx.x + 32] = float4{0, 0, 0, 0};
  __syncwarp();
  const void* row = tile + threadIdx.x + (rows == Rows::next_matrix ? 8 : 0);
  if constexpr (rows == Rows::misaligned) row = reinterpret_cast<const float*>(row) + 2;
  if constexpr (rows == Rows::global) row = in + 4 * threadIdx.x;
  unsigned values[4];
  load_matrices(values, row);  // BUG matrix_row_misaligned
  for (unsigned i = 0; i < 4; ++i) out[threadIdx.x * 4 + i] = values[i];
}
template <Rows wrong>
static void load(bool planted) {
  Buffer<float> in(counting(128));
  Buffer<unsigned> out(128);
  CUDA_LAUNCH((planted ? load_rows<wrong> : load_rows<Rows::right>), 1, 32, 0, nullptr, in.get(), out.get());
  MUST_LAUNCH();
  const std::vector<unsigned> values = out.host();
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) EXPECT(values[lane * 4 + i] == __float_as_uint(static_cast<float>(i * 32 + lane)));
}
PLANTED(wrong_matrix_row, "plain=wrong result") {
  load<Rows::next_matrix>(planted);
}
PLANTED(matrix_row_misaligned, "plain=invalid matrix row@line") {
  load<Rows::misaligned>(planted);
}
PLANTED(matrix_row_outside_shared_memory, "plain=invalid matrix row") {
  load<Rows::global>(planted);
}

// Three stages of 512 bytes: with two groups left, the stage that is read may not have arrived.
template <int left>
__global__ void read_stages(const float* in, unsigned* out) {
  SHARED_ARRAY(float4, tiles, 96);
  const auto fetch = [&](unsigned stage) {
    copy_async<16>(tiles + stage * 32 + threadIdx.x, in + stage * 128 + threadIdx.x * 4, 1);
    commit_copies();
  };
  fetch(0);
  fetch(1);
  for (unsigned stage = 0; stage < 3; ++stage) {
    wait_for_copies<left>();
    __syncwarp();
    if (stage == 0)
      fetch(2);
    else
      commit_copies();
    unsigned values[4];
    load_matrices(values, tiles + stage * 32 + threadIdx.x);  // BUG stage_read_too_early
    out[stage * 32 + threadIdx.x] = values[1];
  }
  wait_for_copies<0>();
}
PLANTED(stage_read_too_early, "plain=wrong result;racecheck=data race@line") {
  Buffer<float> in(counting(384));
  Buffer<unsigned> out(96);
  CUDA_LAUNCH((planted ? read_stages<2> : read_stages<1>), 1, 32, 0, nullptr, in.get(), out.get());
  MUST_LAUNCH();
  const std::vector<unsigned> values = out.host();
  for (unsigned i = 0; i < 96; ++i)
    EXPECT(values[i] == __float_as_uint(static_cast<float>(i / 32 * 128 + 32 + i % 32)));
}
