#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// A tensor as an operand of our own products. In bf16 with its copy, which is made here unless the tensor is unchanged
// since the last one.
Factor factor(const Context& context, const Tensor& tensor);

// A tensor to be written throughout, with its copy if it has been a factor before: then it needs no other.
Destination destination(const Context& context, const Tensor& tensor);
// The same of one that may keep some values: with its copy if that is of the present values.
Destination changing(const Context& context, const Tensor& tensor);

// Before and after a run of a recording: it finds the copies that it assumed, made anew where tensors have changed. It
// keeps those that are as good afterwards; no other copy counts.
void make_assumed(const Context& context, const std::vector<AssumedCopy>& assumed);
void keep(Context& context, const std::vector<AssumedCopy>& kept);

// Of the assumed copies, those that are of the present values when the step has been recorded.
std::vector<AssumedCopy> kept(const Context& context, const std::vector<AssumedCopy>& assumed);

}  // namespace palimpsest::PALIMPSEST_CUDA
