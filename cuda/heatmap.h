#pragma once
#include "cuda/context.h"
#include "ops/heatmap.h"

namespace palimpsest::PALIMPSEST_CUDA {

void sum_channels(const Context& context, const Tensor& relevance, const Tensor& maps);
void normalise_maps(const Context& context, const Tensor& maps, MapNormalisation kind, const Tensor& to);

}  // namespace palimpsest::PALIMPSEST_CUDA
