#pragma once
#include "cuda/conv2d_implicit_gemm.h"

namespace palimpsest::PALIMPSEST_CUDA {

// A fully connected layer is implicit GEMM with one tap on pictures of one pixel: x (n, inputs), w (outputs, inputs),
// y (n, outputs), all dense rows of any length (no padding). Use the launchers of conv2d_implicit_gemm.h with it.
ImplicitGemmShape linear_shape(int n, int inputs, int outputs);

}  // namespace palimpsest::PALIMPSEST_CUDA
