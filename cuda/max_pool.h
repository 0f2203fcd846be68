#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/max_pool.h"

namespace palimpsest::PALIMPSEST_CUDA {

std::unique_ptr<MaxPoolPlan> make_max_pool_plan(Context& context, const Shape& input);

}  // namespace palimpsest::PALIMPSEST_CUDA
