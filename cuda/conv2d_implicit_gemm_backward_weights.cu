#include "cuda/column_sums.h"
#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/plain.cuh"
#include "cuda/gemm/warpgroup.h"

namespace palimpsest::PALIMPSEST_CUDA {

void implicit_gemm_backward_weights(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& x,
                                    const Factor& dy, float* dw, float* db) {
  using namespace gemm;
  const Cut cut = gemm::cut(shape, LayerPass::backward_weights, run);
  check(shape, run, cut.partial_bytes() + bias_partial_bytes(shape));
  check_copies(run, cut, {x, dy});
  const Pixels gradient = make_pixels(shape, dy, pitch(run, cut, shape.outputs));
  const Problem problem = make_problem(shape, run, cut, make_pixels(shape, x, pitch(run, cut, shape.inputs)), {});
  const BiasRelu epilogue{nullptr, false, dw};
  if (cut.tile == GemmTile::plain)
    plain_backward_weights(run, cut, problem, gradient, epilogue);
  else if (cut.tile == GemmTile::warpgroup)
    warpgroup_backward_weights(shape, run, cut, x, dy, epilogue);
  else
    with_tile<GemmTile::large, GemmTile::square, GemmTile::small>(run.precision, cut.tile, [&](auto tile) {
      using Tile = decltype(tile);
      allow_shared_memory<Tile>(backward_weights_kernel<Tile>);
      CUDA_LAUNCH((backward_weights_kernel<Tile>), product_grid(cut), dim3(Tile::kThreads), Tile::kDynamicBytes,
                  run.stream, problem, gradient, epilogue);
      CUDA_LAUNCH_CHECK();
    });
  if (problem.partials) apply_epilogue(run, problem.partials, cut.parts, cut.rows, cut.columns, epilogue);
  if (!db) return;
  auto* const partial = reinterpret_cast<float*>(static_cast<char*>(run.scratch) + cut.partial_bytes());
  column_sums(run.stream, dy.values, int(shape.pixels()), shape.outputs, column_slices(shape.pixels()), partial, db);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
