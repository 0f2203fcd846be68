#pragma once
#include "cpu/context.h"
#include "ops/relevance.h"

namespace palimpsest::cpu {

// to = f(from), the same layout; padding stays zero.
void map_weights(const Context& context, const Tensor& from, WeightMap map, double gamma, const Tensor& to);

}  // namespace palimpsest::cpu
