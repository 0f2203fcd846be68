#include "cuda/conv2d_implicit_gemm.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "cuda/check.h"
#include "cuda/column_sums.h"
#include "cuda/gemm/epilogues.cuh"
#include "cuda/gemm/few_rows.h"
#include "cuda/gemm/plan.h"

// Shapes, tiles and parts; the kernels are in gemm/kernels.cuh, one launcher per file.
namespace palimpsest::PALIMPSEST_CUDA {

ImplicitGemmShape gemm_shape(const LayerShape& layer) {
  const auto padded = [&](int channels) { return layer.is_convolution() ? (channels + 7) / 8 * 8 : channels; };
  return {layer.n, layer.h, layer.w, padded(layer.c), padded(layer.k), layer.side() * layer.side()};
}

constexpr std::int64_t kMaxFewRows = 8;

bool tile_serves(GemmTile tile, LayerPass pass, const ImplicitGemmShape& shape, Precision precision) {
  switch (tile) {
    case GemmTile::tall:
      return pass != LayerPass::backward_weights;
    case GemmTile::square:
      return pass == LayerPass::backward_weights;
    case GemmTile::narrow:
      return pass == LayerPass::backward_data;
    case GemmTile::few_rows:
      return pass != LayerPass::backward_weights && precision == Precision::fp32 && shape.taps == 1 &&
             shape.pixels() <= kMaxFewRows && shape.inputs % 4 == 0;
    case GemmTile::warpgroup:
      return precision == Precision::bf16 && shape.inputs % 64 == 0 && shape.outputs % 64 == 0 && shape.pixels() > 0;
    default:
      return true;
  }
}

namespace gemm {

namespace {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// Two blocks on each of an H100's 132 multiprocessors; four of few_rows, which is bound by memory. Fixed numbers: sums
// must not depend on the GPU.
constexpr std::int64_t kBlocksWanted = 264, kStreamingBlocksWanted = 528;
constexpr std::int64_t kMaxParts = 64;
constexpr std::int64_t kLeastTermsPerPart = 256;  // a shorter sum costs more in its second pass than it saves

struct Extent {
  int rows, columns;
};
Extent extent(GemmTile tile, LayerPass pass) {
  switch (tile) {
    case GemmTile::tall:
      return {128, 64};
    case GemmTile::square:
      return {64, 64};
    case GemmTile::small:
      return {32, 32};
    case GemmTile::narrow:
      return {128, 16};
    case GemmTile::plain:
      return {kPlainRows, kPlainColumns};
    case GemmTile::few_rows:
      return {int(kMaxFewRows), pass == LayerPass::forward ? kFewRowsForwardColumns : kFewRowsBackwardColumns};
    default:
      return {128, 128};
  }
}

// The product of one pass: rows x columns, each a sum of `terms`.
struct Extents {
  std::int64_t rows, columns, terms;
};
Extents extents(const ImplicitGemmShape& s, LayerPass pass) {
  const std::int64_t inputs = s.inputs, outputs = s.outputs, taps = s.taps;
  switch (pass) {
    case LayerPass::forward:
    case LayerPass::relevance:
      return {s.pixels(), outputs, taps * inputs};
    case LayerPass::backward_data:
      return {s.pixels(), inputs, taps * outputs};
    default:
      return {outputs, taps * inputs, s.pixels()};
  }
}

GemmTile choose(LayerPass pass, const ImplicitGemmShape& shape, Precision precision, bool warpgroups) {
  const Extents of = extents(shape, pass);
  if (warpgroups && tile_serves(GemmTile::warpgroup, pass, shape, precision) && warpgroup_pays(shape))
    return GemmTile::warpgroup;
  if (tile_serves(GemmTile::few_rows, pass, shape, precision)) return GemmTile::few_rows;
  if (of.rows <= 32) return GemmTile::small;
  if (pass == LayerPass::backward_weights) return of.rows <= 64 ? GemmTile::square : GemmTile::large;
  if (of.columns <= 16 && pass == LayerPass::backward_data) return GemmTile::narrow;
  if (of.columns <= 32) return GemmTile::small;
  return of.columns <= 64 || of.rows <= 256 ? GemmTile::tall : GemmTile::large;
}

}  // namespace

std::size_t Cut::partial_bytes() const {
  if (!has_partials()) return 0;
  const std::size_t bytes = std::size_t(parts) * std::size_t(rows) * std::size_t(columns) * sizeof(float);
  return (bytes + 255) / 256 * 256;
}

Cut cut(const ImplicitGemmShape& shape, LayerPass pass, const GemmRun& run) {
  const Extents of = extents(shape, pass);
  Cut cut;
  const bool chosen = run.tile != GemmTile::automatic && tile_serves(run.tile, pass, shape, run.precision);
  cut.tile = chosen ? run.tile : choose(pass, shape, run.precision, run.warpgroups);
  cut.rows = int(of.rows), cut.columns = int(of.columns);
  if (cut.tile == GemmTile::warpgroup) {
    cut_for_warpgroups(shape, pass, run.splits, cut);
    return cut;
  }
  const Extent each = extent(cut.tile, pass);
  cut.row_tiles = int(ceil_div(of.rows, each.rows)), cut.column_tiles = int(ceil_div(of.columns, each.columns));
  std::int64_t parts = cut.tile == GemmTile::plain ? 1 : run.splits;
  if (parts == 0) {
    const std::int64_t wanted = cut.tile == GemmTile::few_rows ? kStreamingBlocksWanted : kBlocksWanted;
    parts = std::min(wanted / std::max<std::int64_t>(cut.blocks(), 1), of.terms / kLeastTermsPerPart);
    parts = std::clamp<std::int64_t>(parts, 1, kMaxParts);
  }
  cut.parts = int(parts);
  return cut;
}

Cut cut_of_denominator(const ImplicitGemmShape& shape, const GemmRun& run, bool several_terms) {
  if (!several_terms) {
    Cut of_one = cut(shape, LayerPass::forward, run);
    if (of_one.tile == GemmTile::warpgroup) cut_for_warpgroups(shape, LayerPass::relevance, run.splits, of_one);
    return of_one;
  }
  GemmRun tiled = run;
  tiled.warpgroups = false;
  if (run.tile == GemmTile::warpgroup) tiled.tile = GemmTile::automatic;
  const Cut one = cut(shape, LayerPass::forward, tiled);
  if (one.tile == GemmTile::tall || one.tile == GemmTile::small || one.tile == GemmTile::plain) return one;
  GemmRun fitting = tiled;
  fitting.tile = one.tile == GemmTile::few_rows ? GemmTile::small : GemmTile::tall;
  return cut(shape, LayerPass::forward, fitting);
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

std::size_t bias_partial_bytes(const ImplicitGemmShape& shape, const Cut& of_weights) {
  const int most = std::max(column_slices(shape.pixels()), of_weights.parts);
  return std::size_t(most) * std::size_t(shape.outputs) * sizeof(float);
}

void check(const ImplicitGemmShape& s, const GemmRun& run, std::size_t scratch_needed) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max() - 4096;  // room for the last tile's overhang
  PALIMPSEST_REQUIRE(s.images >= 0 && s.height > 0 && s.width > 0 && s.inputs > 0 && s.outputs > 0,
                     "{} x {} x {} pixels, {} to {} channels", s.images, s.height, s.width, s.inputs, s.outputs);
  PALIMPSEST_REQUIRE(s.taps == 1 || (s.taps == 9 && s.inputs % 8 == 0 && s.outputs % 8 == 0),
                     "{} taps, {} to {} channels", s.taps, s.inputs, s.outputs);
  // 128 lines of a matrix have fewer than 2^31 values.
  constexpr std::int64_t kLongestLine = std::int64_t{1} << 24;
  PALIMPSEST_REQUIRE(s.pixels() <= kMost && std::int64_t{s.taps} * s.inputs < kLongestLine && s.outputs < kLongestLine,
                     "{} pixels, {} to {} channels, {} taps", s.pixels(), s.inputs, s.outputs, s.taps);
  PALIMPSEST_REQUIRE(run.scratch_bytes >= scratch_needed, "{} bytes of scratch memory, but {} are needed",
                     run.scratch_bytes, scratch_needed);
  PALIMPSEST_REQUIRE(run.splits >= 0 && run.splits <= 65535, "{} parts", run.splits);
  if (run.precision == Precision::fp32) return;
  int device = 0, major = 0, minor = 0;
  CUDA_CHECK(cudaGetDevice(&device));
  CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device));
  CUDA_CHECK(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device));
  if (major < 8)
    throw Error(fmt::format("this GPU of compute capability {}.x does not support TF32 and BF16", major),
                "use fp32, or a GPU of compute capability 8.0 or later");
  if ((run.tile == GemmTile::warpgroup || run.warpgroups) && 10 * major + minor != 90)
    throw Error(fmt::format("this GPU of compute capability {}.{} does not have Hopper's warpgroups", major, minor),
                "use another tile, or a GPU of compute capability 9.0");
}

}  // namespace gemm

std::size_t implicit_gemm_scratch_bytes(const ImplicitGemmShape& shape, GemmTile tile, int splits) {
  using namespace gemm;
  const auto most_blocks = [](const Cut& cut) {
    return std::size_t(std::max(ledger_blocks(cut, false), ledger_blocks(cut, true)));
  };
  std::size_t most = 0;
  for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    GemmRun run;
    run.precision = precision, run.tile = tile, run.splits = splits;
    run.warpgroups = precision == Precision::bf16;  // without them bf16 uses tf32's split
    most = std::max(most, cut(shape, LayerPass::forward, run).partial_bytes());
    const Cut back = cut(shape, LayerPass::backward_data, run);
    most = std::max(most, back.partial_bytes() + most_blocks(back) * 2 * sizeof(double));
    const Cut weights = cut(shape, LayerPass::backward_weights, run);
    most = std::max(most, weights.partial_bytes() + bias_partial_bytes(shape, weights));
    for (const bool several_terms : {false, true}) {
      const Cut cut = cut_of_denominator(shape, run, several_terms);
      most = std::max(most, cut.partial_bytes() + most_blocks(cut) * RelevanceSums::kCount * sizeof(double));
    }
  }
  return most;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
