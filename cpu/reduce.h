#pragma once
#include "cpu/context.h"
#include "ops/scalars.h"

namespace palimpsest::cpu {

// Over everything that a tensor stores, padding included.
double sum(const Context& context, const Tensor& tensor);
double smallest(const Context& context, const Tensor& tensor);  // NaN if any value is

// Scalars (ops/scalars.h), of which there must be `count`.
double* scalars(const Context& context, const Scalars& at, int count);

}  // namespace palimpsest::cpu
