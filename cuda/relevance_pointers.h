#pragma once
#include <span>

#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The two halves of every relevance rule, for convolution and fully connected plans: checks the tensors of
// ops/relevance.h and passes their pointers to the fused kernels.
RelevanceSums relevance_denominator(Context& context, const LayerShape& layer, const GemmRun& run,
                                    const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                    std::span<const Tensor> quotients);
void relevance_redistribute(const Context& context, const LayerShape& layer, const GemmRun& run,
                            const RelevanceRedistribution& what, const Tensor& quotient, const Tensor& relevance);

}  // namespace palimpsest::PALIMPSEST_CUDA
