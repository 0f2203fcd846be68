#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

void average_pool(const Context& context, const Tensor& x, const Tensor& y);
void average_pool_backward(const Context& context, const Tensor& dy, const Tensor& x, const Tensor& dx);

}  // namespace palimpsest::PALIMPSEST_CUDA
