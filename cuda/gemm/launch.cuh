#pragma once
#include <initializer_list>

#include "base/error.h"
#include "cuda/bf16_copy.h"
#include "cuda/check.h"
#include "cuda/gemm/kernels.cuh"
#include "cuda/gemm/plan.h"

// Shared by the launchers of the three products.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

// Whether a product reads the copies of its factors, and how many values are from one of their rows to the next.
inline bool reads_copies(const GemmRun& run, const Cut& cut) {
  return run.precision == Precision::bf16 && cut.tile != GemmTile::plain;
}
inline int pitch(const GemmRun& run, const Cut& cut, int columns) {
  return reads_copies(run, cut) ? copied_columns(columns) : columns;
}
inline void check_copies(const GemmRun& run, const Cut& cut, std::initializer_list<Factor> factors) {
  for (const Factor& factor : factors)
    PALIMPSEST_REQUIRE(!reads_copies(run, cut) || !factor.values || factor.copy, "a factor without its copy in BF16");
}

// channels: from one pixel to the next
inline Pixels make_pixels(const ImplicitGemmShape& s, const Factor& data, int channels) {
  Pixels pixels{data,   int(s.pixels()),   s.height,         s.width,           channels,
                s.taps, channels % 4 == 0, Divisor(s.width), Divisor(s.height), {}};
  for (int tap = 0; tap < s.taps; ++tap) {
    const Tap moved(tap, s.taps);
    pixels.shift[tap] = (std::int64_t{moved.dp} * s.width + moved.dq) * channels;
  }
  return pixels;
}

inline Problem make_problem(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Pixels& pixels,
                            const Factor& weights) {
  ImplicitGemmShape in_memory = shape;
  in_memory.inputs = pitch(run, cut, shape.inputs);
  return {in_memory,   pixels,           weights,   cut.rows,
          cut.columns, cut.column_tiles, cut.parts, cut.has_partials() ? static_cast<float*>(run.scratch) : nullptr};
}

inline dim3 product_grid(const Cut& cut) {
  PALIMPSEST_REQUIRE(cut.blocks() <= 0x7fffffff, "{} tiles", cut.blocks());
  return {unsigned(cut.blocks()), 1, unsigned(cut.parts)};
}

// Calls launch(TileOf<precision, tile>{}) for the chosen tile among TILES.
template <Precision PRECISION, GemmTile... TILES, class Launch>
void with_tile_of(GemmTile tile, const Launch& launch) {
  const bool found = ((tile == TILES ? (launch(TileOf<PRECISION, TILES>{}), true) : false) || ...);
  PALIMPSEST_REQUIRE(found, "tile {} does not support this product", int(tile));
}
template <GemmTile... TILES, class Launch>
void with_tile(Precision precision, GemmTile tile, const Launch& launch) {
  switch (precision) {
    case Precision::fp32:
      return with_tile_of<Precision::fp32, TILES...>(tile, launch);
    case Precision::tf32:
      return with_tile_of<Precision::tf32, TILES...>(tile, launch);
    case Precision::bf16:
      return with_tile_of<Precision::bf16, TILES...>(tile, launch);
  }
}

// Before a launch with Shape::kDynamicBytes: above 48 KiB, static memory included, a kernel must be allowed to have
// them.
template <class Shape, class Kernel>
void allow_shared_memory(Kernel* kernel) {
  if (Shape::kDynamicBytes > 47 * 1024)
    CUDA_CHECK(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    Shape::kDynamicBytes));
}

// After a pass whose epilogue had single results.
inline void copy_singles(const GemmRun& run, const Cut& cut, const Destination& to) {
  if (to.copy) bf16_copy(run.stream, to.values, std::size_t(cut.rows), cut.columns, to.copy);
}

template <class Epilogue>
void apply_epilogue(const GemmRun& run, const float* values, int parts, int rows, int columns,
                    const Epilogue& epilogue) {
  CUDA_LAUNCH((apply_epilogue_kernel<Epilogue>), apply_grid(rows, columns), dim3(32, 8), 0, run.stream, values, parts,
              rows, columns, epilogue);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
