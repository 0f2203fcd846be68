#pragma once
#include "cuda/gemm/plan.h"

// Fully connected layers of at most 8 rows in fp32. Such a product reads each weight once and uses it `rows` times, so
// it is bound by reading the weights (VGG16's first one: 411 MB, 0.12 ms on an H100, 0.27 ms on an A100);
// a tile of 32 rows would add at least 4 times the arithmetic. Each part of the sum goes to
// partials[part, row, column]; the epilogue follows in apply_epilogue_kernel.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

inline constexpr int kFewRowsForwardColumns = 32;    // outputs of a block
inline constexpr int kFewRowsBackwardColumns = 512;  // inputs of a block

void few_rows_forward(const ImplicitGemmShape& shape, const Cut& cut, cudaStream_t stream, const float* x,
                      const float* w, float* partials);
void few_rows_backward_data(const ImplicitGemmShape& shape, const Cut& cut, cudaStream_t stream, const float* dy,
                            const float* w, float* partials);

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
