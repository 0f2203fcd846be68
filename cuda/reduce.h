#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Over everything that a tensor stores, padding included. Both wait for the result.
double sum(Context& context, const Tensor& tensor);
double smallest(Context& context, const Tensor& tensor);  // NaN if any value is

}  // namespace palimpsest::PALIMPSEST_CUDA
