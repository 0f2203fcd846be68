#pragma once
#include "cpu/context.h"
#include "ops/heatmap.h"

namespace palimpsest::cpu {

void sum_channels(const Context& context, const Tensor& relevance, const Tensor& maps);
void normalise_maps(const Context& context, const Tensor& maps, MapNormalisation kind, const Tensor& to);

}  // namespace palimpsest::cpu
