#include "cuda/gemm/few_rows.h"
#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/plain.cuh"
#include "cuda/gemm/warpgroup.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

using namespace gemm;

// Of a redistribution whose last pass did not add: each thread in strides, then by blocks.
__global__ void __launch_bounds__(256)
    sum_outgoing_kernel(const float* relevance, const float* x, std::size_t count, double* partials) {
  OutgoingSums mine;
  for (std::size_t i = first_index(); i < count; i += grid_stride()) mine.add({double(relevance[i]), x[i]});
  mine.finish(partials, blockIdx.x);
}

// Blocks in a fixed order, one block of 256 threads each of which takes every 256th partial.
__global__ void __launch_bounds__(256) add_outgoing_kernel(const double* partials, int count, double* sums) {
  OutgoingSums mine;
  for (int i = int(threadIdx.x); i < count; i += int(blockDim.x))
    mine.add({partials[2 * std::size_t(i)], float(partials[2 * std::size_t(i) + 1])});
  mine.finish(sums, 0);
}

// The sums of a redistribution, through partials behind those of the product; null: none.
class Outgoing {
 public:
  Outgoing(const GemmRun& run, const Cut& cut, bool second_pass, double* sums)
      : run_(run), blocks_(int(ledger_blocks(cut, second_pass))), sums_(sums), offset_(cut.partial_bytes()) {}
  std::size_t scratch_bytes() const { return offset_ + (sums_ ? std::size_t(blocks_) * 2 * sizeof(double) : 0); }
  double* partials() const {
    return sums_ ? reinterpret_cast<double*>(static_cast<char*>(run_.scratch) + offset_) : nullptr;
  }
  void sum(const Redistribute& of, const Cut& cut) const {
    if (!sums_) return;
    CUDA_LAUNCH(sum_outgoing_kernel, dim3(unsigned(blocks_)), dim3(256), 0, run_.stream, of.to.values, of.x,
                std::size_t(cut.rows) * std::size_t(cut.columns), partials());
    CUDA_LAUNCH_CHECK();
  }
  void add() const {
    if (!sums_) return;
    CUDA_LAUNCH(add_outgoing_kernel, dim3(1), dim3(256), 0, run_.stream, partials(), blocks_, sums_);
    CUDA_LAUNCH_CHECK();
  }

 private:
  const GemmRun& run_;
  int blocks_;
  double* sums_;
  std::size_t offset_;
};

void backward_data(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& dy, const Factor& w,
                   const Redistribute& redistribute, double* sums = nullptr) {
  const Cut cut = gemm::cut(shape, LayerPass::backward_data, run);
  const Outgoing outgoing(run, cut, cut.has_partials(), sums);
  check(shape, run, outgoing.scratch_bytes());
  if (shape.pixels() == 0) {
    if (sums) CUDA_CHECK(cudaMemsetAsync(sums, 0, 2 * sizeof(double), run.stream));
    return;
  }
  check_copies(run, cut, {dy, w});
  const Problem problem = make_problem(shape, run, cut, make_pixels(shape, dy, pitch(run, cut, shape.outputs)), w);
  const RedistributeAndSum epilogue{redistribute, outgoing.partials()};
  if (cut.tile == GemmTile::few_rows)
    few_rows_backward_data(shape, cut, run.stream, dy.values, w.values, problem.partials);
  else if (cut.tile == GemmTile::plain)
    plain_backward_data(run, cut, problem, epilogue);
  else if (cut.tile == GemmTile::warpgroup)
    warpgroup_backward_data(shape, run, cut, dy, w, epilogue);
  else
    with_tile<GemmTile::large, GemmTile::tall, GemmTile::small, GemmTile::narrow>(
        run.precision, cut.tile, [&](auto tile) {
          using Tile = decltype(tile);
          allow_shared_memory<Tile>(backward_data_kernel<Tile>);
          CUDA_LAUNCH((backward_data_kernel<Tile>), product_grid(cut), dim3(Tile::kThreads), Tile::kDynamicBytes,
                      run.stream, problem, epilogue);
          CUDA_LAUNCH_CHECK();
        });
  if (problem.partials) {
    apply_epilogue(run, problem.partials, cut.parts, cut.rows, cut.columns, redistribute);
    outgoing.sum(redistribute, cut);
  }
  if (problem.partials || cut.tile == GemmTile::plain) copy_singles(run, cut, redistribute.to);
  outgoing.add();
}

// The product is already formed.
void redistribute(const ImplicitGemmShape& shape, const GemmRun& run, const float* product,
                  const Redistribute& epilogue, double* sums) {
  Cut cut;
  cut.rows = int(shape.pixels()), cut.columns = shape.inputs;
  const Outgoing outgoing(run, cut, true, sums);
  check(shape, run, outgoing.scratch_bytes());
  apply_epilogue(run, product, 1, cut.rows, cut.columns, epilogue);
  outgoing.sum(epilogue, cut);
  outgoing.add();
}

}  // namespace

void implicit_gemm_backward_data(const ImplicitGemmShape& shape, const GemmRun& run, const Factor& dy, const Factor& w,
                                 const float* rectified, const Destination& dx) {
  Redistribute epilogue;
  epilogue.by = rectified ? Redistribute::By::relu : Redistribute::By::nothing;
  epilogue.x = rectified;
  epilogue.to = dx;
  backward_data(shape, run, dy, w, epilogue);
}

void implicit_gemm_relevance_redistribute(const ImplicitGemmShape& shape, const GemmRun& run,
                                          const RedistributionPointers& what) {
  PALIMPSEST_REQUIRE(what.terms >= 1 && what.terms <= (what.product ? 1 : kMaxTerms), "{} terms", what.terms);
  for (int t = 0; t < what.terms; ++t) {
    const TermPointers& term = what.term[t];
    PALIMPSEST_REQUIRE(term.weights.values && what.x && (term.constant.values || term.input != InputMap::constant),
                       "term {}", t);
    Redistribute epilogue;
    epilogue.by = Redistribute::By::map;
    epilogue.x = what.x;
    epilogue.constant = term.input == InputMap::constant ? term.constant.values : nullptr;
    if (term.input == InputMap::positive) epilogue.low = 0;
    if (term.input == InputMap::negative) epilogue.high = 0;
    epilogue.factor = what.factor * term.sign;
    epilogue.accumulate = what.accumulate || t > 0;
    epilogue.to = what.relevance;
    double* const sums = t + 1 == what.terms ? what.sums : nullptr;
    if (what.product)
      redistribute(shape, run, what.product, epilogue, sums);
    else
      backward_data(shape, run, what.quotient, term.weights, epilogue, sums);
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA
