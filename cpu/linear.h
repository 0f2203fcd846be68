#pragma once
#include <memory>

#include "cpu/context.h"
#include "ops/linear.h"

namespace palimpsest::cpu {
std::unique_ptr<LinearPlan> make_linear_plan(Context& context, const LinearShape& shape);
}
