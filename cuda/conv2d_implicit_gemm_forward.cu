#include "cuda/gemm/few_rows.h"
#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/plain.cuh"
#include "cuda/gemm/warpgroup.h"

namespace palimpsest::PALIMPSEST_CUDA {

void implicit_gemm_forward(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& x, const Factor& w,
                           const float* b, bool relu, const Destination& y) {
  using namespace gemm;
  const Cut cut = gemm::cut(shape, LayerPass::forward, run);
  check(shape, run, cut.partial_bytes());
  if (shape.pixels() == 0) return;
  check_copies(run, cut, {x, w});
  const Problem problem = make_problem(shape, run, cut, make_pixels(shape, x, pitch(run, cut, shape.inputs)), w);
  const BiasRelu epilogue{b, relu, y};
  if (cut.tile == GemmTile::few_rows)
    few_rows_forward(shape, cut, run.stream, x.values, w.values, problem.partials);
  else if (cut.tile == GemmTile::plain)
    plain_forward(run, cut, problem, Terms{}, epilogue);
  else if (cut.tile == GemmTile::warpgroup)
    warpgroup_forward(shape, run, cut, x, w, epilogue);
  else
    with_tile<GemmTile::large, GemmTile::tall, GemmTile::small>(run.precision, cut.tile, [&](auto tile) {
      using Tile = decltype(tile);
      allow_shared_memory<Tile>(forward_kernel<Tile, false, BiasRelu>);
      CUDA_LAUNCH((forward_kernel<Tile, false, BiasRelu>), product_grid(cut), dim3(Tile::kThreads), Tile::kDynamicBytes,
                  run.stream, problem, Terms{}, epilogue);
      CUDA_LAUNCH_CHECK();
    });
  if (problem.partials) apply_epilogue(run, problem.partials, cut.parts, cut.rows, cut.columns, epilogue);
  if (problem.partials || cut.tile == GemmTile::plain) copy_singles(run, cut, y);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
