#include "cuda/conv2d.h"

#include "cuda/cudnn_convolution.h"
#include "cuda/gemm/layer_plan.h"

namespace palimpsest::PALIMPSEST_CUDA {

std::unique_ptr<Conv2dPlan> make_conv2d_plan(Context& context, const AlgorithmTable& table, const Conv2dShape& shape) {
  const GemmLayer layer{conv2d_shape(shape.n, shape.c, shape.h, shape.w, shape.k),
                        shape.input(),
                        shape.output(),
                        shape.kernel(),
                        {1, shape.k},
                        Layout::activation,
                        Layout::kernel,
                        Layout::channels};
  const bool library_can = context.precision != Precision::bf16;  // cuDNN's BF16 wants tensors in BF16
  return std::make_unique<GemmLayerPlan<Conv2dPlan, CudnnConvolution>>(context, table, shape, layer, shape,
                                                                       library_can);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
