#include "cuda/gemm/few_rows.h"
#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/plain.cuh"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

using namespace gemm;

void backward_data(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& dy, const Factor& w,
                   const Redistribute& epilogue) {
  const Cut cut = gemm::cut(shape, LayerPass::backward_data, run);
  check(shape, run, cut.partial_bytes());
  if (shape.pixels() == 0) return;
  check_copies(run, cut, {dy, w});
  const Problem problem = make_problem(shape, run, cut, make_pixels(shape, dy, pitch(run, cut, shape.outputs)), w);
  if (cut.tile == GemmTile::few_rows)
    few_rows_backward_data(shape, cut, run.stream, dy.values, w.values, problem.partials);
  else if (cut.tile == GemmTile::plain)
    plain_backward_data(run, cut, problem, epilogue);
  else
    with_tile<GemmTile::large, GemmTile::tall, GemmTile::small, GemmTile::narrow>(
        run.precision, cut.tile, [&](auto tile) {
          using Tile = decltype(tile);
          allow_shared_memory<Tile>(backward_data_kernel<Tile>);
          CUDA_LAUNCH((backward_data_kernel<Tile>), product_grid(cut), dim3(Tile::kThreads), Tile::kDynamicBytes,
                      run.stream, problem, epilogue);
          CUDA_LAUNCH_CHECK();
        });
  if (problem.partials) apply_epilogue(run, problem.partials, cut.parts, cut.rows, cut.columns, epilogue);
  if (problem.partials || cut.tile == GemmTile::plain) copy_singles(run, cut, epilogue.to);
}

}  // namespace

void implicit_gemm_backward_data(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& dy, const Factor& w,
                                 const float* rectified, const Destination& dx) {
  backward_data(
      shape, run, dy, w,
      {rectified ? Redistribute::By::relu : Redistribute::By::nothing, rectified, {}, nullptr, 1.0F, false, dx});
}

void implicit_gemm_relevance_redistribute(const ImplicitGemmShape& shape, const GemmRun& run,
                                          const RedistributionPointers& what) {
  PALIMPSEST_REQUIRE(what.terms >= 1 && what.terms <= (what.product ? 1 : kMaxTerms), "{} terms", what.terms);
  for (int t = 0; t < what.terms; ++t) {
    const TermPointers& term = what.term[t];
    PALIMPSEST_REQUIRE(term.weights.values && what.x && (term.constant.values || term.input != InputMap::constant),
                       "term {}", t);
    const Redistribute epilogue{
        Redistribute::By::map,    what.x,        term.input, term.constant.values, what.factor * term.sign,
        what.accumulate || t > 0, what.relevance};
    if (what.product)
      apply_epilogue(run, what.product, 1, int(shape.pixels()), shape.inputs, epilogue);
    else
      backward_data(shape, run, what.quotient, term.weights, epilogue);
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA
