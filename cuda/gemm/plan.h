#pragma once
#include "cuda/conv2d_implicit_gemm.h"

// How a product is cut into tiles and parts, and the scratch memory for that; shared by the launchers.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

inline constexpr int kPlainRows = 8, kPlainColumns = 32;  // of a block of gemm/plain.cuh, one thread each

struct Cut {
  GemmTile tile = GemmTile::large;
  int rows = 0, columns = 0;  // of the product
  int row_tiles = 0, column_tiles = 0;
  int tile_columns = 0;  // with GemmTile::warpgroup: 64, 128, 192 or 256
  int together = 1;      // with GemmTile::warpgroup: blocks that share the columns' factor, 1 or 2
  int parts = 1;

  std::int64_t blocks() const { return std::int64_t{row_tiles} * column_tiles; }
  bool has_partials() const { return parts > 1 || tile == GemmTile::few_rows; }
  std::size_t partial_bytes() const;  // a multiple of 256
};

// Tiles by the product's extents, parts so that small products fill a GPU too: the same on every GPU.
Cut cut(const ImplicitGemmShape& shape, LayerPass pass, const GemmRun& run);

// Whether they are faster than the other tiles: the product has enough terms.
bool warpgroup_pays(const ImplicitGemmShape& shape);
// Tiles and parts of a product of cut.rows x cut.columns; splits 0: by shape.
void cut_for_warpgroups(const ImplicitGemmShape& shape, LayerPass pass, int splits, Cut& cut);

// The forward product of a denominator. Several terms use only tall and small tiles: they occur in the first layer,
// with 64 columns, and their kernel needs registers for x.
Cut cut_of_denominator(const ImplicitGemmShape& shape, const GemmRun& run, bool several_terms);
// Blocks that each write a partial of the ledger's sums.
std::int64_t ledger_blocks(const Cut& cut, bool second_pass);

// Grid of apply_epilogue_kernel.
dim3 apply_grid(int rows, int columns);

// The partial sums of db: column_slices(pixels) rows of `outputs` floats.
std::size_t bias_partial_bytes(const ImplicitGemmShape& shape, const Cut& of_weights);

// Throws ContractError when extents do not fit or scratch memory is short, Error when the GPU lacks the precision.
void check(const ImplicitGemmShape& shape, const GemmRun& run, std::size_t scratch_needed);

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
