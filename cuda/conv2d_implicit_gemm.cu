#include "cuda/conv2d_implicit_gemm.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "cuda/check.h"
#include "cuda/gemm.h"
#include "cuda/gemm_epilogues.cuh"
#include "cuda/gemm_plan.h"

// Shapes, tiles and parts; the kernels are in gemm_kernels.cuh, one launcher a file.
namespace palimpsest::PALIMPSEST_CUDA {

ImplicitGemmShape conv2d_shape(int n, int c, int h, int w, int k) {
  const auto padded = [](int channels) { return (channels + 7) / 8 * 8; };
  return {n, h, w, padded(c), padded(k), 9};
}

ImplicitGemmShape linear_shape(int n, int inputs, int outputs) {
  return {n, 1, 1, inputs, outputs, 1};
}

namespace gemm {

namespace {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// Two blocks on each of an H100's 132 multiprocessors. A fixed number: sums must not depend on the GPU at hand.
constexpr std::int64_t kBlocksWanted = 264;
constexpr std::int64_t kMaxParts = 64;
constexpr std::int64_t kLeastTermsPerPart = 256;  // a shorter sum costs more in its second pass than it wins

struct Extent {
  int rows, columns;
};
Extent extent(GemmTile tile) {
  switch (tile) {
    case GemmTile::tall:
      return {128, 64};
    case GemmTile::square:
      return {64, 64};
    case GemmTile::small:
      return {32, 32};
    case GemmTile::narrow:
      return {128, 16};
    default:
      return {128, 128};
  }
}

GemmTile choose(Pass pass, std::int64_t rows, std::int64_t columns) {
  if (rows <= 32) return GemmTile::small;
  if (pass == Pass::backward_weights) return rows <= 64 ? GemmTile::square : GemmTile::large;
  if (columns <= 16 && pass == Pass::backward_data) return GemmTile::narrow;
  if (columns <= 32) return GemmTile::small;
  return columns <= 64 || rows <= 256 ? GemmTile::tall : GemmTile::large;
}

bool serves(GemmTile tile, Pass pass) {
  switch (tile) {
    case GemmTile::tall:
      return pass != Pass::backward_weights;
    case GemmTile::square:
      return pass == Pass::backward_weights;
    case GemmTile::narrow:
      return pass == Pass::backward_data;
    default:
      return true;
  }
}

}  // namespace

std::size_t Cut::partial_bytes() const {
  const std::size_t bytes =
      parts > 1 ? std::size_t(parts) * std::size_t(rows) * std::size_t(columns) * sizeof(float) : 0;
  return (bytes + 255) / 256 * 256;
}

Cut cut(const ImplicitGemmShape& shape, Pass pass, GemmTile tile, int splits) {
  const bool weights = pass == Pass::backward_weights;
  const std::int64_t pixels = shape.pixels();
  const std::int64_t rows = weights ? shape.outputs : pixels;
  const std::int64_t columns = weights                 ? std::int64_t{shape.taps} * shape.inputs
                               : pass == Pass::forward ? shape.outputs
                                                       : shape.inputs;
  const std::int64_t terms =
      weights ? pixels : std::int64_t{shape.taps} * (pass == Pass::forward ? shape.inputs : shape.outputs);
  Cut cut;
  cut.tile = tile == GemmTile::automatic || !serves(tile, pass) ? choose(pass, rows, columns) : tile;
  const Extent each = extent(cut.tile);
  cut.rows = int(rows), cut.columns = int(columns);
  cut.row_tiles = int(ceil_div(rows, each.rows)), cut.column_tiles = int(ceil_div(columns, each.columns));
  std::int64_t parts = splits;
  if (splits == 0)
    parts = std::clamp(std::min(kBlocksWanted / std::max<std::int64_t>(cut.blocks(), 1), terms / kLeastTermsPerPart),
                       std::int64_t{1}, kMaxParts);
  cut.parts = int(parts);
  return cut;
}

Cut cut_of_denominator(const ImplicitGemmShape& shape, const GemmRun& run, bool several_terms) {
  const Cut one = cut(shape, Pass::forward, run.tile, run.splits);
  return several_terms && one.tile == GemmTile::large ? cut(shape, Pass::forward, GemmTile::tall, run.splits) : one;
}

std::int64_t ledger_blocks(const Cut& cut, bool second_pass) {
  if (!second_pass) return cut.blocks();
  const dim3 grid = apply_grid(cut.rows, cut.columns);
  return std::int64_t{grid.x} * grid.y;
}

dim3 apply_grid(int rows, int columns) {
  return {unsigned(std::clamp<std::int64_t>(ceil_div(rows, 8), 1, 2048)),
          unsigned(std::max<std::int64_t>(ceil_div(columns, 128), 1)), 1};
}

int bias_slices(const ImplicitGemmShape& shape) {
  return int(std::clamp<std::int64_t>(shape.pixels() / 256, 1, 128));
}

std::size_t bias_partial_bytes(const ImplicitGemmShape& shape) {
  return std::size_t(bias_slices(shape)) * std::size_t(shape.outputs) * sizeof(float);
}

void check(const ImplicitGemmShape& s, const GemmRun& run, std::size_t scratch_needed) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max() - 4096;  // room for the last tile's overhang
  PALIMPSEST_REQUIRE(s.images >= 0 && s.height >= 0 && s.width >= 0 && s.inputs > 0 && s.outputs > 0,
                     "{} x {} x {} pixels, {} to {} channels", s.images, s.height, s.width, s.inputs, s.outputs);
  PALIMPSEST_REQUIRE(s.taps == 1 || (s.taps == 9 && s.inputs % 8 == 0 && s.outputs % 8 == 0),
                     "{} taps, {} to {} channels", s.taps, s.inputs, s.outputs);
  PALIMPSEST_REQUIRE(s.pixels() <= kMost && std::int64_t{s.taps} * s.inputs <= kMost, "{} pixels, {} channels",
                     s.pixels(), s.inputs);
  PALIMPSEST_REQUIRE(run.scratch_bytes >= scratch_needed, "{} bytes of scratch memory where {} are needed",
                     run.scratch_bytes, scratch_needed);
  PALIMPSEST_REQUIRE(run.splits >= 0 && run.splits <= 65535, "{} parts", run.splits);
  if (run.precision == Precision::fp32) return;
  int device = 0, major = 0;
  CUDA_CHECK(cudaGetDevice(&device));
  CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device));
  if (major < 8)
    throw Error(fmt::format("this GPU of compute capability {}.x has no TF32 and BF16 arithmetic", major),
                "use fp32, or a GPU of compute capability 8.0 or later");
}

}  // namespace gemm

std::size_t implicit_gemm_scratch_bytes(const ImplicitGemmShape& shape, GemmTile tile, int splits) {
  std::size_t most = 0;
  for (const gemm::Pass pass : {gemm::Pass::forward, gemm::Pass::backward_data, gemm::Pass::backward_weights}) {
    const gemm::Cut cut = gemm::cut(shape, pass, tile, splits);
    std::size_t bytes = cut.partial_bytes();
    if (pass == gemm::Pass::backward_weights) bytes += gemm::bias_partial_bytes(shape);
    most = std::max(most, bytes);
  }
  for (const bool several_terms : {false, true}) {
    const gemm::Cut cut = gemm::cut_of_denominator(shape, {.tile = tile, .splits = splits}, several_terms);
    const std::int64_t blocks = std::max(gemm::ledger_blocks(cut, false), gemm::ledger_blocks(cut, true));
    most = std::max(most, cut.partial_bytes() + std::size_t(blocks) * gemm::LedgerSums::kCount * sizeof(double));
  }
  return most;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
