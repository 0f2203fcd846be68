#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/algorithm_table.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The plan of a layer: every pass by what the table says, our own implicit GEMM or the library's (cuDNN, cuBLASLt); the
// relevance passes are always our own.
std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const AlgorithmTable& table, const LayerShape& shape);

}  // namespace palimpsest::PALIMPSEST_CUDA
