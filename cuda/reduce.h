#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Over everything that a tensor stores, padding included.
Pending<double> sum(Context& context, const Tensor& tensor);
Pending<double> smallest(Context& context, const Tensor& tensor);  // NaN if any value is

}  // namespace palimpsest::PALIMPSEST_CUDA
