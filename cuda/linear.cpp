#include "cuda/linear.h"

#include "cuda/cublaslt_product.h"
#include "cuda/gemm/gemm.h"
#include "cuda/gemm/layer_plan.h"

namespace palimpsest::PALIMPSEST_CUDA {

std::unique_ptr<LinearPlan> make_linear_plan(Context& context, const AlgorithmTable& table, const LinearShape& shape) {
  const GemmLayer layer{linear_shape(shape.n, shape.inputs, shape.outputs),
                        shape.input(),
                        shape.output(),
                        shape.weights(),
                        {1, shape.outputs},
                        Layout::matrix,
                        Layout::matrix,
                        Layout::matrix};
  const Conv2dShape looked_up{shape.n, shape.inputs, 1, 1, shape.outputs};
  return std::make_unique<GemmLayerPlan<LinearPlan, CublasLtProduct>>(context, table, shape, layer, looked_up, true);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
