#pragma once
#include "cpu/context.h"

namespace palimpsest::cpu {

// Over everything that a tensor stores, padding included.
double sum(const Context& context, const Tensor& tensor);
double smallest(const Context& context, const Tensor& tensor);  // NaN if any value is

}  // namespace palimpsest::cpu
