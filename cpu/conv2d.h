#pragma once
#include <memory>

#include "cpu/context.h"
#include "ops/conv2d.h"

namespace palimpsest::cpu {

std::unique_ptr<Conv2dPlan> make_conv2d_plan(Context& context, const Conv2dShape& shape);

// Which algorithm runs a shape. A fixed table, because the choice changes the last bits of a result: Winograd F(4x4, 3x3)
// (Lavin and Gray, 2016) where it was measured to be quicker, direct convolution elsewhere and without AVX-512.
enum class Conv2dAlgorithm { direct, winograd };
enum class Conv2dPass { forward, backward_data, backward_weights };
Conv2dAlgorithm conv2d_algorithm(const Context& context, const Conv2dShape& shape, Conv2dPass pass);

}  // namespace palimpsest::cpu
