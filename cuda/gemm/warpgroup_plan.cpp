#include <algorithm>

#include "cuda/gemm/plan.h"
#include "cuda/gemm/warpgroup_tiles.cuh"

namespace palimpsest::PALIMPSEST_CUDA::gemm {

namespace {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// An H100: multiprocessors, and bytes that one of them moves to and from L2 and products that it forms, in a clock.
// Fixed numbers: sums must not depend on the GPU.
constexpr std::int64_t kMultiprocessors = 132, kL2Bytes = 40, kProducts = 2048;
constexpr std::int64_t kMostParts = 64;
using hopper::kDepth, hopper::kRows;
constexpr std::int64_t kLeastProducts = 1'250'000'000;  // of fewer, the other tiles' smaller blocks fill a GPU better

// Steps of 64 terms.
std::int64_t steps_of(const ImplicitGemmShape& s, LayerPass pass) {
  switch (pass) {
    case LayerPass::backward_weights:
      return ceil_div(s.pixels(), kDepth);
    case LayerPass::backward_data:
      return std::int64_t{s.taps} * s.outputs / kDepth;
    default:
      return std::int64_t{s.taps} * s.inputs / kDepth;
  }
}

// Clocks of the busiest multiprocessor, and of the second pass. A step waits for its bytes or its products; a tile is
// written behind it.
std::int64_t clocks(const Cut& cut, std::int64_t steps, std::int64_t parts) {
  const std::int64_t columns = cut.tile_columns, fetched = (kRows + columns / cut.together) * kDepth * 2;
  const std::int64_t step = std::max(fetched / kL2Bytes, kRows * columns * kDepth / kProducts);
  const std::int64_t rounds = ceil_div(cut.blocks() * parts, kMultiprocessors);
  const std::int64_t item = ceil_div(steps, parts) * step + kRows * columns * 4 / kL2Bytes + 1500;
  const std::int64_t moved = parts == 1 ? 0 : std::int64_t{cut.rows} * cut.columns * 4 * (parts + 2);
  return rounds * item + moved / (kMultiprocessors * kL2Bytes);
}

}  // namespace

bool warpgroup_pays(const ImplicitGemmShape& s) {
  return s.pixels() * s.taps * s.inputs >= ceil_div(kLeastProducts, s.outputs);
}

void cut_for_warpgroups(const ImplicitGemmShape& shape, LayerPass pass, int splits, Cut& cut) {
  // The widest without overhang. The registers of a division do not fit beside 256; 192 are for 9 taps of 64 or 128.
  for (const int columns : {256, 192, 128, 64}) {
    cut.tile_columns = columns;
    if (columns == 192 && pass != LayerPass::backward_weights) continue;
    if (cut.columns % columns == 0 && (columns < 256 || pass != LayerPass::relevance)) break;
  }
  cut.together = cut.rows > kRows ? 2 : 1;
  cut.row_tiles = int(ceil_div(cut.rows, kRows * cut.together)) * cut.together;
  cut.column_tiles = int(ceil_div(cut.columns, cut.tile_columns));
  const std::int64_t steps = std::max<std::int64_t>(steps_of(shape, pass), 1);
  std::int64_t best = splits > 0 ? splits : 1;
  if (splits == 0)
    for (std::int64_t parts = 2; parts <= kMostParts; ++parts)
      if (clocks(cut, steps, parts) < clocks(cut, steps, best)) best = parts;
  cut.parts = int(std::min(best, steps));
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
