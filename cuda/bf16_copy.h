#pragma once
#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstddef>

#include "cuda/language.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The copy of a tensor that products in bf16 read: rows of columns, rounded to nearest even, each row padded with zeros
// to a multiple of 8 values, so that it is made of 16-byte chunks.
constexpr int copied_columns(int columns) {
  return (columns + 7) / 8 * 8;
}
constexpr std::size_t copy_bytes(std::size_t rows, int columns) {
  return rows * std::size_t(copied_columns(columns)) * 2;
}

// Neighbours as a kernel writes them, the first in the lowest bits.
__device__ __forceinline__ unsigned bf16_pair(float low, float high) {
  return unsigned(__bfloat16_as_ushort(__float2bfloat16_rn(low))) |
         unsigned(__bfloat16_as_ushort(__float2bfloat16_rn(high))) << 16;
}
__device__ __forceinline__ uint2 bf16_four(float a, float b, float c, float d) {
  return make_uint2(bf16_pair(a, b), bf16_pair(c, d));
}

// Both are device memory, 16-byte aligned; `to` has copy_bytes(rows, columns).
void bf16_copy(cudaStream_t stream, const float* from, std::size_t rows, int columns, void* to);

}  // namespace palimpsest::PALIMPSEST_CUDA
