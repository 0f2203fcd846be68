// A pipeline of tensor copies and warpgroup products: a producer thread, one warpgroup that multiplies, two stages.
#include "bugs.h"
#include "cuda/warpgroup.h"
#include "tensor_maps.h"

using namespace bugs;
using namespace palimpsest::PALIMPSEST_CUDA;

namespace {

enum class Mistake {
  none,
  wrong_pitch,
  wrong_parity,
  no_fence_of_products,
  sums_written_after_fence,
  early_read,
  sums_written,
  released_early,
  released_by_one_warp,
  never_released,
  bytes_forgotten,
  too_few_bytes,
  too_many_bytes,
  too_many_arrivals,
  too_few_arrivals,
  unaligned_target,
  target_too_small,
  other_line,
  warp_without_product,
  warp_without_wait,
  two_phases_ahead,
  no_initialisation,
  no_fence_of_barriers,
  overwritten_barrier,
  misaligned_barrier,
  no_barrier_of_block,
  no_wait_for_copies,
  no_wait_for_products,
  uncommitted_products,
  one_thread_waits,
};
constexpr unsigned kTile = 64 * 128, kStage = 2 * kTile, kSteps = 4;

// out (64 x 64) = left * right^T, of 64 rows of 256 terms.
template <Mistake M>
__global__ void pipeline(const __grid_constant__ TensorMap left, const __grid_constant__ TensorMap right, float* out) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, barriers, 5);
  Barrier* const full =
      M == Mistake::misaligned_barrier ? reinterpret_cast<Barrier*>(reinterpret_cast<char*>(barriers) + 4) : barriers;
  Barrier* const empty = barriers + 3;
  char* const stages = aligned(memory);
  if (threadIdx.x == 128) {
    for (int i = 0; i < 2; ++i) {
      if (M != Mistake::no_initialisation) init_barrier(full + i, 1);  // BUG misaligned_barrier
      init_barrier(empty + i, M == Mistake::too_few_arrivals ? 5 : M == Mistake::released_by_one_warp ? 1 : 4);
    }
    if (M != Mistake::no_fence_of_barriers) fence_barriers();
    if (M == Mistake::overwritten_barrier) empty[1] = 0;
  }
  if (M != Mistake::no_barrier_of_block) __syncthreads();
  if (threadIdx.x >= 128) {
    if (threadIdx.x > 128) return;
    for (unsigned step = 0; step < kSteps; ++step) {
      Barrier* const arrived = full + step % 2;
      char* const stage = stages + step % 2 * kStage + (M == Mistake::unaligned_target ? 512 : 0);
      if (M != Mistake::two_phases_ahead) wait_for(empty + step % 2, (step / 2 + 1) % 2);  // BUG too_few_arrivals
      if (M == Mistake::too_few_bytes) {
        copy_tile(stage, left, arrived, int(step) * 64, 0);
        copy_tile(stage + kTile, right, arrived, int(step) * 64, 0);  // BUG too_few_bytes
        arrive_expecting(arrived, kTile);
        continue;
      }
      if (M == Mistake::bytes_forgotten)
        arrive(arrived);
      else
        arrive_expecting(arrived, kStage + (M == Mistake::too_many_bytes ? 128 : 0));
      if (M == Mistake::too_many_arrivals) arrive(arrived);                               // BUG too_many_arrivals
      copy_tile(stage, left, arrived, int(step) * 64, M == Mistake::other_line ? 1 : 0);  // BUG unaligned_target
      copy_tile(stage + (M == Mistake::target_too_small ? 3 * kTile : kTile), right, arrived, int(step) * 64,
                0);  // BUG bytes_forgotten
    }
    return;
  }
  float sum[32];
  for (float& value : sum) value = 0;
  for (unsigned step = 0; step < kSteps; ++step) {
    const char* const stage = stages + step % 2 * kStage;
    if (M == Mistake::no_wait_for_copies && step == kSteps - 1) break;
    if (M == Mistake::one_thread_waits && threadIdx.x != 0)
      ;  // one thread waits for all
    else
      wait_for(full + step % 2, (step / 2 + (M == Mistake::wrong_parity ? 1 : 0)) % 2);  // BUG wrong_phase
    if (M == Mistake::released_early && threadIdx.x % 32 == 0) arrive(empty + step % 2);
    const auto a = shared_matrix<Along::sum>(stage, M == Mistake::wrong_pitch ? 2048 : 1024);
    const auto b = shared_matrix<Along::sum>(stage + kTile, 1024);
    if (M != Mistake::no_fence_of_products) fence_products(sum);
    if (M == Mistake::sums_written_after_fence && step == 1) sum[2] += 1;
    for (unsigned k = 0; k < 4; ++k) {
      if (M == Mistake::warp_without_product && threadIdx.x >= 96 && k == 3) continue;
      const auto left_terms = moved(a, 32 * k), right_terms = moved(b, 32 * k);
      multiply<64, Along::sum, Along::sum>(sum, left_terms, right_terms, true);  // BUG missing_fence_of_products
    }
    if (M == Mistake::sums_written) sum[3] = 0;
    if (M != Mistake::uncommitted_products) commit_products();
    if (M == Mistake::early_read && step == kSteps - 1) out[threadIdx.x] = sum[0];
    if (M == Mistake::warp_without_wait && threadIdx.x >= 96) continue;
    if (M == Mistake::no_wait_for_products && step == kSteps - 1) break;
    wait_for_products<0>(sum);  // BUG warp_without_wait
    if (M == Mistake::released_early || M == Mistake::never_released) continue;
    if (threadIdx.x % (M == Mistake::released_by_one_warp ? 128 : 32) == 0) arrive(empty + step % 2);
  }
  if (M == Mistake::early_read) return;
  for (unsigned held = 0; held < 32; ++held) {
    const unsigned t = threadIdx.x;
    out[(16 * (t / 32) + held / 2 % 2 * 8 + t % 32 / 4) * 64 + held / 4 * 8 + 2 * (t % 4) + held % 2] = sum[held];
  }
}

template <Mistake M>
void run(bool planted, CUtensorMapSwizzle swizzle = CU_TENSOR_MAP_SWIZZLE_128B) {
  const std::vector<__nv_bfloat16> values = rows();
  Buffer<__nv_bfloat16> in(values);
  Buffer<float> out(64 * 64);
  out.zero();
  TensorMap left, right;
  EXPECT(tiled(left, in.get(), 256, 64, 64, 64, planted ? swizzle : CU_TENSOR_MAP_SWIZZLE_128B) == CUDA_SUCCESS);
  EXPECT(tiled(right, in.get(), 256, 64, 64, 64) == CUDA_SUCCESS);
  CUDA_LAUNCH((planted ? pipeline<M> : pipeline<Mistake::none>), 1, 160, 2 * kStage + 1024, nullptr, left, right,
              out.get());
  MUST_LAUNCH();
  const std::vector<float> got = out.host();
  for (std::size_t row = 0; row < 64; ++row)
    for (std::size_t column = 0; column < 64; ++column) {
      float expected = 0;
      for (std::size_t k = 0; k < 256; ++k) expected += float(values[row * 256 + k]) * float(values[column * 256 + k]);
      EXPECT(got[row * 64 + column] == expected);
    }
}

}  // namespace

#define PIPELINE(name, mistake, caught) \
  PLANTED(name, caught) {               \
    run<Mistake::mistake>(planted);     \
  }

// ---- results ----

PIPELINE(wrong_pitch, wrong_pitch, "plain=wrong result")
PIPELINE(other_line, other_line, "plain=wrong result")
PLANTED(wrong_swizzle, "plain=wrong result") {
  run<Mistake::none>(planted, CU_TENSOR_MAP_SWIZZLE_NONE);
}
PIPELINE(wrong_phase, wrong_parity, "plain=two phases ahead@line")
PIPELINE(early_read_of_sums, early_read, "plain=wrong result;initcheck=use-of-uninitialized-value")

// ---- products ----

PIPELINE(missing_fence_of_products, no_fence_of_products,
         "plain=missing fence@line;reversed=missing fence@line;shuffled=missing fence@line")
PIPELINE(sums_written_after_fence, sums_written_after_fence, "plain=missing fence")
PIPELINE(sums_written, sums_written, "plain=sums in use")
PIPELINE(warp_without_product, warp_without_product,
         "plain=warps disagree;reversed=warps disagree;shuffled=warps disagree")
PIPELINE(warp_without_wait, warp_without_wait, "plain=missing warp@line")
PIPELINE(no_wait_for_products, no_wait_for_products, "plain=missing wait;reversed=missing wait;shuffled=missing wait")
PIPELINE(uncommitted_products, uncommitted_products, "plain=missing wait")

// ---- stages ----

PIPELINE(released_early, released_early, "racecheck=data race")
PIPELINE(released_by_one_warp, released_by_one_warp, "racecheck=data race")
PIPELINE(never_released, never_released, "plain=deadlock;reversed=deadlock;shuffled=deadlock")
PIPELINE(two_phases_ahead, two_phases_ahead,
         "plain=two phases ahead;reversed=two phases ahead;shuffled=two phases ahead")
PIPELINE(one_thread_waits, one_thread_waits, "racecheck=data race")

// ---- barriers ----

PIPELINE(bytes_forgotten, bytes_forgotten, "plain=unexpected bytes;reversed=unexpected bytes;shuffled=unexpected bytes")
PIPELINE(too_few_bytes, too_few_bytes, "plain=unexpected bytes@line")
PIPELINE(too_many_bytes, too_many_bytes, "plain=deadlock")
PIPELINE(too_many_arrivals, too_many_arrivals,
         "plain=too many arrivals@line;reversed=too many arrivals@line;shuffled=too many arrivals@line")
PIPELINE(too_few_arrivals, too_few_arrivals, "plain=deadlock@line")
PIPELINE(no_initialisation, no_initialisation, "plain=barrier misuse")
PIPELINE(overwritten_barrier, overwritten_barrier, "plain=barrier misuse")
PIPELINE(misaligned_barrier, misaligned_barrier, "plain=barrier misuse@line")
PIPELINE(no_fence_of_barriers, no_fence_of_barriers, "plain=missing fence")
PIPELINE(no_barrier_of_block, no_barrier_of_block, "plain=barrier misuse")

// ---- copies ----

PIPELINE(unaligned_target, unaligned_target, "plain=invalid tensor copy@line")
PIPELINE(target_too_small, target_too_small, "plain=out of bounds")
PIPELINE(no_wait_for_copies, no_wait_for_copies, "plain=missing wait")
