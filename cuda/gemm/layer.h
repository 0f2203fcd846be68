#pragma once
#include "cuda/conv2d_implicit_gemm.h"
#include "ops/tensor.h"

namespace palimpsest::PALIMPSEST_CUDA {

// A convolution or a fully connected layer, which to the kernels are the same: the product, and the tensors around it.
struct GemmLayer {
  ImplicitGemmShape gemm;
  Shape input, output, weights, bias;
  Layout layout, weights_layout, vector_layout;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
