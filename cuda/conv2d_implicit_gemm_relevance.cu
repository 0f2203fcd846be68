#include "cuda/gemm/few_rows.h"
#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/plain.cuh"
#include "cuda/gemm/warpgroup.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

using namespace gemm;

// The ledger's sums: blocks in a fixed order, one block of 256 threads each of which adds every 256th partial.
__global__ void __launch_bounds__(256) add_ledger_kernel(const double* partials, int count, double* sums) {
  double values[RelevanceSums::kCount] = {};
  for (int i = int(threadIdx.x); i < count; i += int(blockDim.x))
    for (int k = 0; k < RelevanceSums::kCount; ++k) values[k] += partials[std::size_t(i) * RelevanceSums::kCount + k];
  block_sum(values);
  if (threadIdx.x == 0)
    for (int k = 0; k < RelevanceSums::kCount; ++k) sums[k] = values[k];
}

void check_pointers(const DenominatorPointers& what) {
  PALIMPSEST_REQUIRE(what.terms >= 1 && what.terms <= kMaxTerms && what.targets >= 1 && what.targets <= kMaxTargets,
                     "{} terms, {} targets", what.terms, what.targets);
  PALIMPSEST_REQUIRE(what.gate == Gate::all || what.gate_by, "a gate without its reference");
  if (what.known || what.products) return;
  PALIMPSEST_REQUIRE(what.x.values, "neither x nor a known denominator");
  for (int t = 0; t < what.terms; ++t)
    PALIMPSEST_REQUIRE(
        what.term[t].weights.values && (what.term[t].constant.values || what.term[t].input != InputMap::constant),
        "term {}", t);
}

bool is_plain(const DenominatorPointers& what) {
  return what.terms == 1 && what.term[0].input == InputMap::identity && what.term[0].sign == 1;
}

void multiply(const GemmRun& run, const Cut& cut, const Problem& problem, const DenominatorPointers& what,
              const Divide& epilogue) {
  if (cut.tile == GemmTile::few_rows) {
    few_rows_forward(problem.shape, cut, run.stream, what.x.values, what.term[0].weights.values, problem.partials);
    return;
  }
  if (cut.tile == GemmTile::warpgroup)
    return warpgroup_denominator(problem.shape, run, cut, what.x, what.term[0].weights, epilogue);
  if (is_plain(what) && cut.tile != GemmTile::plain) {
    with_tile<GemmTile::large, GemmTile::tall, GemmTile::small>(run.precision, cut.tile, [&](auto tile) {
      using Tile = decltype(tile);
      allow_shared_memory<Tile>(forward_kernel<Tile, false, Divide>);
      CUDA_LAUNCH((forward_kernel<Tile, false, Divide>), product_grid(cut), dim3(Tile::kThreads), Tile::kDynamicBytes,
                  run.stream, problem, Terms{}, epilogue);
      CUDA_LAUNCH_CHECK();
    });
    return;
  }
  Terms terms{what.terms, {}};
  for (int t = 0; t < what.terms; ++t) terms.term[t] = what.term[t];
  if (cut.tile == GemmTile::plain) return plain_forward(run, cut, problem, terms, epilogue);
  with_tile<GemmTile::tall, GemmTile::small>(run.precision, cut.tile, [&](auto tile) {
    using Tile = decltype(tile);
    allow_shared_memory<Tile>(forward_kernel<Tile, true, Divide>);
    CUDA_LAUNCH((forward_kernel<Tile, true, Divide>), product_grid(cut), dim3(Tile::kThreads), Tile::kDynamicBytes,
                run.stream, problem, terms, epilogue);
    CUDA_LAUNCH_CHECK();
  });
}

}  // namespace

void implicit_gemm_relevance_denominator(const ImplicitGemmShape& shape, const GemmRun& run,
                                         const DenominatorPointers& what) {
  check_pointers(what);
  const Cut cut = cut_of_denominator(shape, run, !is_plain(what));
  const std::int64_t blocks = ledger_blocks(cut, what.known || what.products || cut.has_partials());
  check(shape, run, cut.partial_bytes() + std::size_t(blocks) * RelevanceSums::kCount * sizeof(double));
  auto* const partials = reinterpret_cast<double*>(static_cast<char*>(run.scratch) + cut.partial_bytes());
  if (shape.pixels() == 0) {
    if (what.sums) CUDA_CHECK(cudaMemsetAsync(what.sums, 0, RelevanceSums::kCount * sizeof(double), run.stream));
    return;
  }
  const Divide epilogue{what, float(what.stabiliser.epsilon), !what.known, what.sums ? partials : nullptr};
  if (what.known) {
    apply_epilogue(run, what.known, 1, cut.rows, cut.columns, epilogue);
  } else if (what.products) {
    apply_epilogue(run, what.products, what.terms, cut.rows, cut.columns, epilogue);
  } else {
    check_copies(run, cut, {what.x});
    for (int t = 0; t < what.terms; ++t) check_copies(run, cut, {what.term[t].weights, what.term[t].constant});
    const Pixels pixels = make_pixels(shape, what.x, pitch(run, cut, shape.inputs));
    const Problem problem = make_problem(shape, run, cut, pixels, what.term[0].weights);
    multiply(run, cut, problem, what, epilogue);
    if (problem.partials) apply_epilogue(run, problem.partials, cut.parts, cut.rows, cut.columns, epilogue);
  }
  if (what.known || what.products || cut.has_partials() || cut.tile == GemmTile::plain)
    for (int target = 0; target < what.targets; ++target) copy_singles(run, cut, what.quotients[target]);
  if (!what.sums) return;
  CUDA_LAUNCH(add_ledger_kernel, dim3(1), dim3(256), 0, run.stream, partials, int(blocks), what.sums);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
