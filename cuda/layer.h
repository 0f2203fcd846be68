#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/algorithm_table.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The plan of a layer: each pass as in the table, by our own implicit GEMM or the library (cuDNN, cuBLASLt). What the
// named one cannot serve is said, and our own does it. Of the halves of relevance, always our own, the denominator is
// cut like `relevance` in the table and the redistribution like `backward_data`.
std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const AlgorithmTable& table, const LayerShape& shape);

}  // namespace palimpsest::PALIMPSEST_CUDA
