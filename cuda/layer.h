#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/algorithm_table.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The plan of a layer: each pass as in the table, by our own implicit GEMM or the library (cuDNN, cuBLASLt); the
// relevance passes are always our own.
std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const AlgorithmTable& table, const LayerShape& shape);

}  // namespace palimpsest::PALIMPSEST_CUDA
