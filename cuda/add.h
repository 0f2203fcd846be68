#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// to += from; `count` values
void add(const Context& context, std::size_t count, const float* from, float* to);

}  // namespace palimpsest::PALIMPSEST_CUDA
