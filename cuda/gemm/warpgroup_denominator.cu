#include "cuda/gemm/warpgroup_launch.cuh"

namespace palimpsest::PALIMPSEST_CUDA::gemm {

void warpgroup_denominator(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& x,
                           const Factor& w, const Divide& epilogue) {
  hopper::launch_forward(shape, run, cut, x, w, epilogue);
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
