#include "cuda/column_sums.h"
#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/plain.cuh"
#include "cuda/gemm/warpgroup.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace gemm {

namespace {

Problem weights_problem(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& x) {
  return make_problem(shape, run, cut, make_pixels(shape, x, pitch(run, cut, shape.inputs)), {});
}
Pixels gradient_pixels(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& dy) {
  return make_pixels(shape, dy, pitch(run, cut, shape.outputs));
}

template <GemmTile... TILES, class Epilogue>
void tiled_backward_weights(const GemmRun& run, const Cut& cut, const Problem& problem, const Pixels& gradient,
                            const Epilogue& epilogue) {
  with_tile<TILES...>(run.precision, cut.tile, [&](auto tile) {
    using Tile = decltype(tile);
    allow_shared_memory<Tile>(backward_weights_kernel<Tile, Epilogue>);
    CUDA_LAUNCH((backward_weights_kernel<Tile, Epilogue>), product_grid(cut), dim3(Tile::kThreads), Tile::kDynamicBytes,
                run.stream, problem, gradient, epilogue);
    CUDA_LAUNCH_CHECK();
  });
}

}  // namespace

}  // namespace gemm

void implicit_gemm_backward_weights(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& x,
                                    const Factor& dy, float* dw, float* db) {
  using namespace gemm;
  const Cut cut = gemm::cut(shape, LayerPass::backward_weights, run);
  check(shape, run, cut.partial_bytes() + bias_partial_bytes(shape, cut));
  check_copies(run, cut, {x, dy});
  auto* const bias_partial = reinterpret_cast<float*>(static_cast<char*>(run.scratch) + cut.partial_bytes());
  if (dw) {
    const Problem problem = weights_problem(shape, run, cut, x);
    const Pixels gradient = gradient_pixels(shape, run, cut, dy);
    const BiasRelu epilogue{nullptr, false, dw};
    if (cut.tile == GemmTile::plain)
      plain_backward_weights(run, cut, problem, gradient, epilogue);
    else if (cut.tile == GemmTile::warpgroup)
      warpgroup_backward_weights(shape, run, cut, x, dy, epilogue, !db || cut.parts == 1 ? db : bias_partial);
    else
      tiled_backward_weights<GemmTile::large, GemmTile::square, GemmTile::small>(run, cut, problem, gradient, epilogue);
    if (problem.partials) apply_epilogue(run, problem.partials, cut.parts, cut.rows, cut.columns, epilogue);
  }
  if (!db) return;
  if (!dw || cut.tile != GemmTile::warpgroup)
    column_sums(run.stream, dy.values, int(shape.pixels()), shape.outputs, column_slices(shape.pixels()), bias_partial,
                db);
  else if (cut.parts > 1)
    column_sums(run.stream, bias_partial, cut.parts, shape.outputs, 1, nullptr, db);
}

namespace {

// A step is bound by memory, so that the product of warpgroups would gain nothing.
gemm::Cut cut_of_step(const ImplicitGemmShape& shape, const GemmRun& run) {
  GemmRun without = run;
  without.warpgroups = false;
  return gemm::cut(shape, LayerPass::backward_weights, without);
}

}  // namespace

bool implicit_gemm_steps_weights(const ImplicitGemmShape& shape, const GemmRun& run) {
  const gemm::Cut cut = cut_of_step(shape, run);
  return cut.tile == GemmTile::large && cut.parts == 1;
}

void implicit_gemm_step_weights(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& x, const Factor& dy,
                                const WeightStep& step) {
  using namespace gemm;
  PALIMPSEST_REQUIRE(implicit_gemm_steps_weights(shape, run), "a gradient that is not formed in one part");
  const Cut cut = cut_of_step(shape, run);
  check(shape, run, 0);
  check_copies(run, cut, {x, dy});
  tiled_backward_weights<GemmTile::large>(run, cut, weights_problem(shape, run, cut, x),
                                          gradient_pixels(shape, run, cut, dy), StepWeights{step});
  if (cut.columns % 4 != 0) copy_singles(run, cut, step.value);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
