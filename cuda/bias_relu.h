#pragma once
#include "cuda/context.h"

namespace palimpsest::PALIMPSEST_CUDA {

// y[m, k] = relu?(y[m, k] + b[k]) in place, m over rows of `lanes` values, after a product by cuDNN or cuBLAS without
// an epilogue. b may be null. NaN stays NaN.
void bias_relu_forward(const Context& context, std::size_t rows, int lanes, const float* b, bool relu, float* y);

// db[k] = sum over rows m of dy[m, k], in a fixed order. Uses so much of the context's scratch memory, in bytes.
void bias_backward(const Context& context, std::int64_t rows, int lanes, const float* dy, float* db);
std::size_t bias_backward_scratch_bytes(std::int64_t rows, int lanes);

// The same after a product that has no other epilogue: gradient = 0 where output <= 0, in place; `count` values
void relu_backward(const Context& context, std::size_t count, const float* output, float* gradient);

}  // namespace palimpsest::PALIMPSEST_CUDA
