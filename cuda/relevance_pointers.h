#pragma once
#include <functional>
#include <span>

#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The two halves of every relevance rule, for convolution and fully connected plans: checks the tensors of
// ops/relevance.h and passes their pointers to the fused kernels. `product`, where given, computes a term's product
// instead (forward: x, w to z; backward data: s, w to c); what is left is one pass before it if the term maps its
// inputs, and one after it.
using Multiply = std::function<void(const float* values, const float* weights, float* product)>;
void relevance_denominator(Context& context, const LayerShape& layer, const GemmRun& run,
                           const RelevanceDenominator& what, std::span<const Tensor> relevance,
                           std::span<const Tensor> quotients, const Multiply& product);
void relevance_redistribute(const Context& context, const LayerShape& layer, const GemmRun& run,
                            const RelevanceRedistribution& what, const Tensor& quotient, const Tensor& relevance,
                            const Multiply& product);

// The denominator of a layer without weights: the division alone. z: matrix
void relevance_quotients(Context& context, const Tensor& z, const Stabiliser& stabiliser,
                         std::span<const Tensor> relevance, std::span<const Tensor> quotients, const Scalars& sums);

}  // namespace palimpsest::PALIMPSEST_CUDA
