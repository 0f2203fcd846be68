#include "cuda/gemm/warpgroup_launch.cuh"

namespace palimpsest::PALIMPSEST_CUDA::gemm {

void warpgroup_backward_data(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& dy,
                             const Factor& w, const RedistributeAndSum& epilogue) {
  using namespace hopper;
  const Maps maps{pixels_of(shape, dy, shape.outputs, kRows),
                  lines_of(w, shape.outputs, shape.taps * shape.inputs, kDepth / cut.together)};
  launch<BackwardData>(run, cut, make_problem(shape, run, cut, shape.taps * shape.outputs / kDepth), maps, epilogue);
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
