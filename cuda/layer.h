#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/algorithm_table.h"

namespace palimpsest::PALIMPSEST_CUDA {

class CudaLayerPlan : public LayerPlan {
 public:
  // requires: steps_weights(); step.value is the place of w
  virtual void step_weights(const Tensor& x, const Tensor& dy, const Tensor& w, const WeightStep& step) = 0;
};

// The plan of a layer: each pass as in the table, by our own implicit GEMM or the library (cuDNN, cuBLASLt). What the
// named one cannot serve is said, and our own does it. Of the halves of relevance, the denominator is done as the table
// says of `relevance`, the redistribution as of `backward_data`; around a library's product, the rest is one pass of
// our own for each.
std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const AlgorithmTable& table, const LayerShape& shape);

}  // namespace palimpsest::PALIMPSEST_CUDA
