#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// A tensor as an operand of our own products. In bf16 with its copy, which is made here unless the tensor is unchanged
// since the last one. A recording makes its own, because its runs give tensors no new version.
Factor factor(const Context& context, const Tensor& tensor);

// A tensor to be written throughout, with its copy if it has been a factor before: then it needs no other.
Destination destination(const Context& context, const Tensor& tensor);

}  // namespace palimpsest::PALIMPSEST_CUDA
