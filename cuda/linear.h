#pragma once
#include <memory>

#include "cuda/algorithm_table.h"
#include "cuda/context.h"
#include "ops/linear.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Every pass by what the table says: our own implicit GEMM, or cuBLASLt. The relevance passes are always our own.
std::unique_ptr<LinearPlan> make_linear_plan(Context& context, const AlgorithmTable& table, const LinearShape& shape);

}  // namespace palimpsest::PALIMPSEST_CUDA
