#pragma once
#include "cpu/context.h"

namespace palimpsest::cpu {

void average_pool(const Context& context, const Tensor& x, const Tensor& y);
void average_pool_backward(const Context& context, const Tensor& dy, const Tensor& x, const Tensor& dx);

}  // namespace palimpsest::cpu
