#pragma once
#include "cuda/gemm/epilogues.cuh"
#include "cuda/gemm/plan.h"

// GemmTile::warpgroup: products in bf16 by Hopper's asynchronous copies and products (cuda/warpgroup.h), in kernels
// that nvcc compiles for compute capability 9.0a alone (cuda/toolkit). Partial sums, if any, go to run.scratch; the
// epilogue follows then in apply_epilogue_kernel.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

void warpgroup_forward(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& x,
                       const Factor& w, const BiasRelu& epilogue);
void warpgroup_backward_data(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& dy,
                             const Factor& w, const RedistributeAndSum& epilogue);
// row_sums: of dy over the pixels of each part; null: not computed.
void warpgroup_backward_weights(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& x,
                                const Factor& dy, const BiasRelu& epilogue, float* row_sums);
void warpgroup_denominator(const ImplicitGemmShape& shape, const GemmRun& run, const Cut& cut, const Factor& x,
                           const Factor& w, const Divide& epilogue);

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
