#pragma once
#include <span>

#include "cuda/context.h"
#include "cuda/conv2d_implicit_gemm.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The two halves of every relevance rule, for convolution and fully connected plans alike: checks the tensors of
// ops/relevance.h and hands their pointers to the fused kernels.
struct RelevanceLayer {
  ImplicitGemmShape gemm;
  Shape input, output, weights, bias;
  Layout layout, weights_layout, vector_layout;
};

RelevanceSums relevance_denominator(Context& context, const RelevanceLayer& layer, const GemmRun& run,
                                    const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                    std::span<const Tensor> quotients);
void relevance_redistribute(const RelevanceLayer& layer, const GemmRun& run, const RelevanceRedistribution& what,
                            const Tensor& quotient, const Tensor& relevance);

}  // namespace palimpsest::PALIMPSEST_CUDA
