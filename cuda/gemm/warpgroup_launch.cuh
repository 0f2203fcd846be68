#pragma once
#include <algorithm>

#include "base/error.h"
#include "cuda/check.h"
#include "cuda/gemm/warpgroup.h"
#include "cuda/gemm/warpgroup_product.cuh"

// Shared by the launchers of the products by warpgroups.
namespace palimpsest::PALIMPSEST_CUDA::hopper {

inline Problem make_problem(const ImplicitGemmShape& shape, const GemmRun& run, const gemm::Cut& cut, int steps,
                            float* row_sums = nullptr) {
  return {cut.rows,
          cut.columns,
          cut.row_tiles,
          cut.column_tiles,
          cut.parts,
          steps,
          cut.together,
          shape.taps,
          shape.inputs,
          shape.outputs,
          shape.height,
          shape.width,
          Divisor(shape.width),
          Divisor(shape.height),
          cut.has_partials() ? static_cast<float*>(run.scratch) : nullptr,
          row_sums};
}

// Pixels x channels under the taps, in boxes of `pixels` by 64 channels.
inline TensorMap pixels_of(const ImplicitGemmShape& shape, const Factor& data, int channels, int pixels) {
  const int border = shape.taps == 9 ? 1 : 0;
  return pixel_map(
      {data.copy, shape.images, shape.height, shape.width, channels, std::size_t(channels) * 2, 1 + 2 * border, border},
      kLine, pixels);
}
// A matrix, in boxes of `lines` by 64 values.
inline TensorMap lines_of(const Factor& data, std::int64_t lines, int values, int box_lines) {
  return tile_map({data.copy, std::size_t(values), std::size_t(lines), std::size_t(values) * 2}, kLine, box_lines);
}

// The results do not depend on the number of blocks.
template <class Tile, class Factors, class Epilogue>
void launch_tiles(const GemmRun& run, const Problem& problem, const Maps& maps, const Epilogue& epilogue) {
  int device = 0, multiprocessors = 0;
  CUDA_CHECK(cudaGetDevice(&device));
  CUDA_CHECK(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
  const auto kernel = product_kernel<Tile, Factors, Epilogue>;
  CUDA_CHECK(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  Tile::kDynamicBytes));
  const int together = problem.together;
  const std::int64_t items = std::int64_t{problem.tiles()} * problem.parts;
  PALIMPSEST_REQUIRE(items < 0x7f000000, "{} tiles and parts", items);
  const auto clusters = std::min<std::int64_t>(items, std::max(multiprocessors / together, 1));
  CUDA_LAUNCH_CLUSTERS(unsigned(together), (product_kernel<Tile, Factors, Epilogue>),
                       dim3(unsigned(clusters * together)), dim3(Tile::kThreads), Tile::kDynamicBytes, run.stream,
                       problem, maps, epilogue);
  CUDA_LAUNCH_CHECK();
}

template <class Factors, class Epilogue>
void launch(const GemmRun& run, const gemm::Cut& cut, const Problem& problem, const Maps& maps,
            const Epilogue& epilogue) {
  switch (cut.tile_columns) {
    case 64:
      return launch_tiles<Tile<64>, Factors>(run, problem, maps, epilogue);
    case 128:
      return launch_tiles<Tile<128>, Factors>(run, problem, maps, epilogue);
    case 192:
      if constexpr (std::is_same_v<Factors, BackwardWeights>)
        return launch_tiles<Tile<192>, Factors>(run, problem, maps, epilogue);
      break;
    case 256:
      if constexpr (!std::is_same_v<Epilogue, gemm::Divide>)
        return launch_tiles<Tile<256>, Factors>(run, problem, maps, epilogue);
      break;
    default:
      break;
  }
  PALIMPSEST_REQUIRE(false, "no tile of {} columns", cut.tile_columns);
}

template <class Epilogue>
void launch_forward(const ImplicitGemmShape& shape, const GemmRun& run, const gemm::Cut& cut, const Factor& x,
                    const Factor& w, const Epilogue& epilogue) {
  const int terms = shape.taps * shape.inputs;
  const Maps maps{pixels_of(shape, x, shape.inputs, kRows),
                  lines_of(w, shape.outputs, terms, cut.tile_columns / cut.together)};
  launch<Forward>(run, cut, make_problem(shape, run, cut, terms / kDepth), maps, epilogue);
}

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
