#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Bytes of the copy in BF16 that products read in place of such a tensor; 0: they read the tensor.
std::size_t copy_bytes(const Context& context, const Shape& shape, Layout layout);

// A tensor as an operand of our own products. In bf16 with its copy, which is made here unless one of the present
// values exists.
Factor factor(const Context& context, const Tensor& tensor);

// A tensor to be written throughout, with the place of its copy if it has been a factor before, so that it need not be
// copied.
Destination destination(const Context& context, const Tensor& tensor);
// The same of one that may keep some values: a copy that is not of the present ones is made anew first.
Destination changing(const Context& context, const Tensor& tensor);
// After the launch that has written a tensor and its copy. Without this call the copy does not count.
void copied(const Context& context, const Tensor& tensor, const Destination& to);

}  // namespace palimpsest::PALIMPSEST_CUDA
