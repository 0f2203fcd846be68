#include "cuda/gemm/few_rows.h"

#include "cuda/check.h"
#include "cuda/gemm/tiles.cuh"

namespace palimpsest::PALIMPSEST_CUDA::gemm {

namespace {

constexpr int kWarps = 8, kOutputsPerWarp = kFewRowsForwardColumns / kWarps;
constexpr int kBackwardThreads = kFewRowsBackwardColumns / 4;

__device__ __forceinline__ float4 read_four(const float* from) {
  return *reinterpret_cast<const float4*>(from);
}
__device__ __forceinline__ float dot(float4 a, float4 b, float sum) {
  return sum + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

// partials[part, n, o] = sum of x[n, i] w[o, i] over the part's i. A warp computes kOutputsPerWarp outputs of all rows:
// its lanes read consecutive runs of the weights, each read only once, and of x, which all warps read from L1.
template <int ROWS>
__global__ void __launch_bounds__(kWarps * 32)
    few_rows_forward_kernel(const float* x, const float* w, int rows, int inputs, int outputs, float* partials) {
  const int lane = int(threadIdx.x) % 32;
  const int first_output = int(blockIdx.x) * kFewRowsForwardColumns + int(threadIdx.x) / 32 * kOutputsPerWarp;
  const PartOfSteps part(inputs / 4, int(blockIdx.y), int(gridDim.y));
  float sum[kOutputsPerWarp][ROWS] = {};
#pragma unroll 2
  for (int i = 4 * (part.first + lane); i < 4 * (part.first + part.count); i += 4 * 32) {
    float4 weights[kOutputsPerWarp];
#pragma unroll
    for (int o = 0; o < kOutputsPerWarp; ++o)
      weights[o] = first_output + o < outputs ? read_four(w + std::size_t(first_output + o) * std::size_t(inputs) + i)
                                              : float4{0, 0, 0, 0};
#pragma unroll
    for (int n = 0; n < ROWS; ++n) {
      if (n >= rows) break;
      const float4 values = read_four(x + std::size_t(n) * std::size_t(inputs) + i);
#pragma unroll
      for (int o = 0; o < kOutputsPerWarp; ++o) sum[o][n] = dot(values, weights[o], sum[o][n]);
    }
  }
#pragma unroll
  for (int o = 0; o < kOutputsPerWarp; ++o)
#pragma unroll
    for (int n = 0; n < ROWS; ++n) {
      float total = sum[o][n];
#pragma unroll
      for (int distance = 16; distance > 0; distance /= 2)
        total += __shfl_down_sync(0xffffffffU, total, unsigned(distance));
      if (lane == 0 && n < rows && first_output + o < outputs)
        partials[(std::size_t(blockIdx.y) * std::size_t(rows) + std::size_t(n)) * std::size_t(outputs) +
                 std::size_t(first_output + o)] = total;
    }
}

// partials[part, n, i] = sum of dy[n, o] w[o, i] over the part's o. A thread owns four neighbouring inputs; the lanes
// of a warp read one run of a row of weights, and all of them the same dy.
template <int ROWS>
__global__ void __launch_bounds__(kBackwardThreads)
    few_rows_backward_data_kernel(const float* dy, const float* w, int rows, int inputs, int outputs, float* partials) {
  const int column = (int(blockIdx.x) * kBackwardThreads + int(threadIdx.x)) * 4;
  if (column >= inputs) return;
  const PartOfSteps part(outputs, int(blockIdx.y), int(gridDim.y));
  float4 sum[ROWS] = {};
#pragma unroll 4
  for (int o = part.first; o < part.first + part.count; ++o) {
    const float4 weights = read_four(w + std::size_t(o) * std::size_t(inputs) + column);
#pragma unroll
    for (int n = 0; n < ROWS; ++n) {
      if (n >= rows) break;
      const float gradient = dy[std::size_t(n) * std::size_t(outputs) + o];
      sum[n].x += gradient * weights.x;
      sum[n].y += gradient * weights.y;
      sum[n].z += gradient * weights.z;
      sum[n].w += gradient * weights.w;
    }
  }
#pragma unroll
  for (int n = 0; n < ROWS; ++n)
    if (n < rows)
      *reinterpret_cast<float4*>(
          partials + (std::size_t(blockIdx.y) * std::size_t(rows) + std::size_t(n)) * std::size_t(inputs) + column) =
          sum[n];
}

}  // namespace

void few_rows_forward(const ImplicitGemmShape& shape, const Cut& cut, cudaStream_t stream, const float* x,
                      const float* w, float* partials) {
  const auto kernel = cut.rows == 1 ? few_rows_forward_kernel<1> : few_rows_forward_kernel<8>;
  CUDA_LAUNCH(kernel, dim3(unsigned(cut.column_tiles), unsigned(cut.parts)), dim3(kWarps * 32), 0, stream, x, w,
              cut.rows, shape.inputs, shape.outputs, partials);
  CUDA_LAUNCH_CHECK();
}

void few_rows_backward_data(const ImplicitGemmShape& shape, const Cut& cut, cudaStream_t stream, const float* dy,
                            const float* w, float* partials) {
  const auto kernel = cut.rows == 1 ? few_rows_backward_data_kernel<1> : few_rows_backward_data_kernel<8>;
  CUDA_LAUNCH(kernel, dim3(unsigned(cut.column_tiles), unsigned(cut.parts)), dim3(kBackwardThreads), 0, stream, dy, w,
              cut.rows, shape.inputs, shape.outputs, partials);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
