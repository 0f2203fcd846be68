#pragma once
#include <memory>

#include "cpu/context.h"
#include "ops/max_pool.h"

namespace palimpsest::cpu {
std::unique_ptr<MaxPoolPlan> make_max_pool_plan(const Context& context, const Shape& input);
}
