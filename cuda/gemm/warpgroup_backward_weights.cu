#include "cuda/gemm/warpgroup_launch.cuh"

namespace palimpsest::PALIMPSEST_CUDA::gemm {

void warpgroup_backward_weights(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& x,
                                const Factor& dy, const BiasRelu& epilogue, float* row_sums) {
  using namespace hopper;
  const Maps maps{lines_of(dy, shape.pixels(), shape.outputs, kDepth),
                  pixels_of(shape, x, shape.inputs, kDepth / cut.together)};
  const int steps = int((shape.pixels() + kDepth - 1) / kDepth);
  launch<BackwardWeights>(run, cut, make_problem(shape, run, cut, steps, row_sums), maps, epilogue);
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
