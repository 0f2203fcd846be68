#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Over everything that a tensor stores, padding included, in double and in a fixed order.
void sum(Context& context, const Tensor& tensor, double* to);

}  // namespace palimpsest::PALIMPSEST_CUDA
