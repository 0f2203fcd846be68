#pragma once
#include <memory>

#include "cuda/algorithm_table.h"
#include "cuda/context.h"
#include "ops/conv2d.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Every pass by what the table says: our own implicit GEMM, or cuDNN. The relevance passes are always our own.
std::unique_ptr<Conv2dPlan> make_conv2d_plan(Context& context, const AlgorithmTable& table, const Conv2dShape& shape);

}  // namespace palimpsest::PALIMPSEST_CUDA
