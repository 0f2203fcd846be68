// Tensor copies, matrices in shared memory, fences, registers and numbered barriers.
#include "bugs.h"
#include "cuda/warpgroup.h"
#include "tensor_maps.h"

using namespace bugs;
using namespace palimpsest::PALIMPSEST_CUDA;

static constexpr unsigned kTile = 64 * 128;

enum class Beside { nothing, read, write, no_copy, other_barrier };
template <Beside B>
__global__ void copy_once(const __grid_constant__ TensorMap map, float* out) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, arrived, 2);
  char* const tile = aligned(memory);
  auto* const values = reinterpret_cast<__nv_bfloat16*>(tile);
  if (threadIdx.x == 0) {
    init_barrier(arrived, 1);
    init_barrier(arrived + 1, 1);
    fence_barriers();
    arrive_expecting(arrived, kTile);
    copy_tile(tile, map, arrived + (B == Beside::other_barrier ? 1 : 0), 0, 0);  // BUG tensor_beyond_its_memory
  }
  if (B == Beside::no_copy && threadIdx.x == 0) arrive_expecting(arrived + 1, kTile);  // BUG copy_never_made
  __syncthreads();
  if (B == Beside::read) out[threadIdx.x] = __bfloat162float(values[threadIdx.x]);  // BUG read_during_a_copy
  if (B == Beside::write) values[threadIdx.x] = __float2bfloat16(1);                // BUG write_during_a_copy
  wait_for(arrived, 0);
  if (B != Beside::read) out[threadIdx.x] = __bfloat162float(values[threadIdx.x]);
}
PLANTED(tensor_beyond_its_memory, "plain=illegal address@line") {
  Buffer<__nv_bfloat16> in(rows());
  Buffer<float> out(32);
  TensorMap map;
  EXPECT(tiled(map, in.get(), 256, planted ? 65 : 64, 64, 64) == CUDA_SUCCESS);
  CUDA_LAUNCH(copy_once<Beside::nothing>, 1, 32, kTile + 1024, nullptr, map, out.get());
  MUST_LAUNCH();
}
template <Beside B>
static void copy(bool planted) {
  Buffer<__nv_bfloat16> in(rows());
  Buffer<float> out(32);
  TensorMap map;
  EXPECT(tiled(map, in.get(), 256, 64, 64, 64) == CUDA_SUCCESS);
  CUDA_LAUNCH((planted ? copy_once<B> : copy_once<Beside::nothing>), 1, 32, kTile + 1024, nullptr, map, out.get());
  MUST_LAUNCH();
  const std::vector<float> got = out.host();
  for (int i = 0; i < 32; ++i) EXPECT(got[static_cast<std::size_t>(i)] == float(i % 5 - 4));
}
PLANTED(read_during_a_copy,
        "plain=wrong result;racecheck=uninitialised read@line;initcheck=use-of-uninitialized-value") {
  copy<Beside::read>(planted);
}
PLANTED(write_during_a_copy, "racecheck=data race@line") {
  copy<Beside::write>(planted);
}
PLANTED(copy_never_made, "plain=missing copy@line") {
  copy<Beside::no_copy>(planted);
}
PLANTED(copy_for_another_barrier, "plain=deadlock") {
  copy<Beside::other_barrier>(planted);
}
PLANTED(copy_of_freed_tensor, "plain=illegal address") {
  Buffer<float> out(32);
  TensorMap map;
  Buffer<__nv_bfloat16> in(rows());
  {
    Buffer<__nv_bfloat16> freed(rows());
    EXPECT(tiled(map, planted ? freed.get() : in.get(), 256, 64, 64, 64) == CUDA_SUCCESS);
  }
  CUDA_LAUNCH(copy_once<Beside::nothing>, 1, 32, kTile + 1024, nullptr, map, out.get());
  MUST_LAUNCH();
}
PLANTED(map_not_encoded, "plain=invalid tensor copy") {
  Buffer<__nv_bfloat16> in(rows());
  Buffer<float> out(32);
  TensorMap map{};
  if (!planted) EXPECT(tiled(map, in.get(), 256, 64, 64, 64) == CUDA_SUCCESS);
  CUDA_LAUNCH(copy_once<Beside::nothing>, 1, 32, kTile + 1024, nullptr, map, out.get());
  MUST_LAUNCH();
}
PLANTED(copy_of_undefined_values,
        "plain=wrong result;racecheck=uninitialised read;initcheck=use-of-uninitialized-value") {
  Buffer<__nv_bfloat16> in(64 * 256);
  Buffer<float> out(32);
  if (!planted) in.zero();
  TensorMap map;
  EXPECT(tiled(map, in.get(), 256, 64, 64, 64) == CUDA_SUCCESS);
  CUDA_LAUNCH(copy_once<Beside::nothing>, 1, 32, kTile + 1024, nullptr, map, out.get());
  MUST_LAUNCH();
  EXPECT(out.host()[0] == 0);
}

__global__ void copy_pixels_once(const __grid_constant__ TensorMap map, int w) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, arrived, 1);
  if (threadIdx.x == 0) {
    init_barrier(arrived, 1);
    fence_barriers();
    arrive_expecting(arrived, 16 * 128);
    copy_pixels(aligned(memory), map, arrived, 0, w, -1, 0, 2, 2);  // BUG base_pixel_outside_its_box
  }
  __syncthreads();
  wait_for(arrived, 0);
}
PLANTED(base_pixel_outside_its_box, "plain=invalid tensor copy@line") {
  Buffer<__nv_bfloat16> in(8 * 8 * 64);
  in.zero();
  TensorMap map;
  EXPECT(pixels(map, in.get(), {1, 8, 8, 64, 3, 1}, 64, 16) == CUDA_SUCCESS);
  CUDA_LAUNCH(copy_pixels_once, 1, 32, 4096, nullptr, map, planted ? 7 : 6);
  MUST_LAUNCH();
}

// ---- fences between ordinary writes and what is asynchronous ----

enum class Fence { none, writer, issuer };
template <Fence F>
__global__ void written_factors(float* out) {
  DYNAMIC_SHARED(char, memory);
  char* const tile = aligned(memory);
  auto* const halves = reinterpret_cast<__nv_bfloat16*>(tile);
  for (unsigned i = threadIdx.x; i < 64 * 64; i += 128) halves[i] = __float2bfloat16(1);  // BUG unfenced_factors
  if (F == Fence::writer) fence_shared();
  __syncthreads();
  if (F == Fence::issuer) fence_shared();
  float sum[32];
  const auto matrix = shared_matrix<Along::sum>(tile, 1024);
  fence_products(sum);
  multiply<64, Along::sum, Along::sum>(sum, matrix, matrix, false);
  commit_products();
  wait_for_products<0>(sum);
  for (unsigned i = 0; i < 32; ++i) out[threadIdx.x * 32 + i] = sum[i];
}
PLANTED(unfenced_factors, "racecheck=missing fence@line") {
  for (const bool by_writer : {true, false}) {
    Buffer<float> out(64 * 64);
    CUDA_LAUNCH((planted     ? written_factors<Fence::none>
                 : by_writer ? written_factors<Fence::writer>
                             : written_factors<Fence::issuer>),
                1, 128, kTile + 1024, nullptr, out.get());
    MUST_LAUNCH();
    for (const float value : out.host()) EXPECT(value == 16);
  }
}

template <bool fenced>
__global__ void copy_over_written(const __grid_constant__ TensorMap map, float* out) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, arrived, 1);
  char* const tile = aligned(memory);
  auto* const words = reinterpret_cast<float*>(tile);
  words[threadIdx.x] = 1;  // BUG copy_over_unfenced_values
  if (threadIdx.x == 0) {
    init_barrier(arrived, 1);
    fence_barriers();
  }
  out[threadIdx.x] = words[threadIdx.x];
  if constexpr (fenced) fence_shared();
  sync_threads(1, 64);
  if (threadIdx.x == 32) {
    arrive_expecting(arrived, kTile);
    copy_tile(tile, map, arrived, 0, 0);
  }
  wait_for(arrived, 0);
}
PLANTED(copy_over_unfenced_values, "racecheck=missing fence@line") {
  Buffer<__nv_bfloat16> in(rows());
  Buffer<float> out(64);
  TensorMap map;
  EXPECT(tiled(map, in.get(), 256, 64, 64, 64) == CUDA_SUCCESS);
  CUDA_LAUNCH((planted ? copy_over_written<false> : copy_over_written<true>), 1, 64, kTile + 1024, nullptr, map,
              out.get());
  MUST_LAUNCH();
}

__global__ void barrier_anywhere(Barrier* in_memory, bool in_global) {
  SHARED_ARRAY(Barrier, in_shared, 1);
  Barrier* const barrier = in_global ? in_memory : in_shared;
  init_barrier(barrier, 1);  // BUG barrier_in_global_memory
  arrive(barrier);
  wait_for(barrier, 0);
}
PLANTED(barrier_in_global_memory, "plain=barrier misuse@line") {
  Buffer<Barrier> memory(1);
  CUDA_LAUNCH(barrier_anywhere, 1, 1, 0, nullptr, memory.get(), planted);
  MUST_LAUNCH();
}
__global__ void barrier_number(unsigned id) {
  sync_threads(id, 32);  // BUG number_of_no_barrier
}
PLANTED(number_of_no_barrier, "plain=barrier misuse@line") {
  CUDA_LAUNCH(barrier_number, 1, 32, 0, nullptr, planted ? 16u : 15u);
  MUST_LAUNCH();
}

// ---- matrices ----

// Factors along their sides: 16 terms of 64 rows, all ones, and of 128 columns in two halves that are 2048 bytes apart,
// ones and twos.
__global__ void matrices(float* out, unsigned moved_by, unsigned between) {
  DYNAMIC_SHARED(char, memory);
  char* const tile = aligned(memory);
  auto* const halves = reinterpret_cast<__nv_bfloat16*>(tile);
  for (unsigned i = threadIdx.x; i < 2048; i += 128) halves[i] = __float2bfloat16(i < 1024 ? 1 : 2);
  fence_shared();
  __syncthreads();
  float sum[64];
  const auto left = shared_matrix<Along::side>(tile + moved_by, 0), right = shared_matrix<Along::side>(tile, between);
  fence_products(sum);
  multiply<128, Along::side, Along::side>(sum, left, right, false);  // BUG matrix_beyond_its_array
  commit_products();
  wait_for_products<0>(sum);
  out[threadIdx.x] = sum[63];
}
static void multiply_matrices(unsigned moved_by, unsigned between) {
  Buffer<float> out(128);
  CUDA_LAUNCH(matrices, 1, 128, 1024 + 4096, nullptr, out.get(), moved_by, between);
  MUST_LAUNCH();
  EXPECT(out.host()[0] == 32);
}
PLANTED(wrong_pitch_along_side, "plain=wrong result") {
  multiply_matrices(0, planted ? 1024 : 2048);
}
PLANTED(matrix_beyond_its_array, "plain=out of bounds@line") {
  multiply_matrices(0, planted ? 8192 : 2048);
}
PLANTED(matrix_in_the_middle_of_an_atom, "plain=invalid matrix") {
  multiply_matrices(planted ? 256 : 0, 2048);
}

// ---- registers and numbered barriers ----

template <int N>
__global__ void redistribute_registers(float* out) {
  if (threadIdx.x < 128)
    give_registers<40>();
  else
    take_registers<N>();  // BUG more_registers_than_exist
  out[threadIdx.x] = 1;
}
PLANTED(more_registers_than_exist, "plain=too many registers@line") {
  Buffer<float> out(384);
  CUDA_LAUNCH((planted ? redistribute_registers<240> : redistribute_registers<232>), 1, 384, 0, nullptr, out.get());
  MUST_LAUNCH();
}
__global__ void registers_of_some_warps(unsigned threads) {
  if (threadIdx.x < threads) give_registers<40>();  // BUG registers_of_one_warp
}
PLANTED(registers_of_one_warp, "plain=missing warp@line") {
  CUDA_LAUNCH(registers_of_some_warps, 1, 128, 0, nullptr, planted ? 32u : 128u);
  MUST_LAUNCH();
}

// Three warps write, and one reads.
__global__ void numbered(float* out, unsigned writers, unsigned readers, bool all) {
  SHARED_ARRAY(float, values, 128);
  values[threadIdx.x] = 1;
  if (threadIdx.x < 96) {
    if (all || threadIdx.x >= 32) sync_threads(3, writers);  // BUG numbered_barrier_short_of_threads
    return;
  }
  sync_threads(3, readers);                          // BUG numbered_barrier_of_two_sizes
  out[threadIdx.x - 96] = values[threadIdx.x - 96];  // BUG numbered_barrier_too_small
}
PLANTED(numbered_barrier_of_two_sizes, "plain=barrier misuse@line") {
  Buffer<float> out(32);
  CUDA_LAUNCH(numbered, 1, 128, 0, nullptr, out.get(), 128u, planted ? 64u : 128u, true);
  MUST_LAUNCH();
}
PLANTED(numbered_barrier_short_of_threads, "plain=deadlock@line") {
  Buffer<float> out(32);
  CUDA_LAUNCH(numbered, 1, 128, 0, nullptr, out.get(), 128u, 128u, !planted);
  MUST_LAUNCH();
}
PLANTED(numbered_barrier_too_small, "racecheck=data race@line") {
  Buffer<float> out(32);
  CUDA_LAUNCH(numbered, 1, 128, 0, nullptr, out.get(), planted ? 32u : 128u, planted ? 32u : 128u, true);
  MUST_LAUNCH();
}
