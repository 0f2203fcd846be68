#include "cuda/gemm/warpgroup_launch.cuh"

namespace palimpsest::PALIMPSEST_CUDA::gemm {

void warpgroup_forward(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& x,
                       const Factor& w, const BiasRelu& epilogue) {
  using namespace hopper;
  const int terms = shape.taps * shape.inputs;
  const Maps maps{pixels_of(shape, x, shape.inputs, kRows), lines_of(w, shape.outputs, terms, cut.tile_columns)};
  launch<Forward>(run, cut, make_problem(shape, run, cut, terms / kDepth), maps, epilogue);
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
