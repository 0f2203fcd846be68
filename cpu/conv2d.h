#pragma once
#include <memory>

#include "cpu/context.h"
#include "ops/conv2d.h"

namespace palimpsest::cpu {

std::unique_ptr<Conv2dPlan> make_conv2d_plan(Context& context, const Conv2dShape& shape);

}  // namespace palimpsest::cpu
