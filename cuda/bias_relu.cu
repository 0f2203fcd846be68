// forward   y = max(y + b, 0), written so that NaN propagates    backward   g = y <= 0 ? 0 : g
// One thread takes four neighbouring values if the rows allow it (activations always do: channels are padded to 8).
#include "cuda/bias_relu.h"

#include "base/error.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__device__ __forceinline__ float cut(float value, bool relu) {
  return relu && value < 0 ? 0.0F : value;
}

__global__ void bias_relu(std::size_t count, int lanes, const float* __restrict__ b, bool relu, float* y) {
  for (std::size_t at = first_index(); at < count; at += grid_stride())
    y[at] = cut(y[at] + (b ? b[at % std::size_t(lanes)] : 0.0F), relu);
}

// The same on groups of four; lanes is a multiple of 4 and counts groups here.
__global__ void bias_relu_4(std::size_t groups, int groups_in_row, const float4* __restrict__ b, bool relu, float4* y) {
  for (std::size_t at = first_index(); at < groups; at += grid_stride()) {
    const float4 add = b ? b[at % std::size_t(groups_in_row)] : make_float4(0, 0, 0, 0);
    const float4 v = y[at];
    y[at] = make_float4(cut(v.x + add.x, relu), cut(v.y + add.y, relu), cut(v.z + add.z, relu), cut(v.w + add.w, relu));
  }
}

__global__ void add_rows(int rows, int lanes, const float* __restrict__ dy, float* __restrict__ db) {
  for (std::size_t k = first_index(); k < std::size_t(lanes); k += grid_stride()) {
    float sum = 0;
    for (int m = 0; m < rows; ++m) sum += dy[std::size_t(m) * std::size_t(lanes) + k];
    db[k] = sum;
  }
}

__global__ void relu_gradient(std::size_t count, const float* __restrict__ output, float* gradient) {
  for (std::size_t at = first_index(); at < count; at += grid_stride())
    if (output[at] <= 0) gradient[at] = 0;
}

}  // namespace

void bias_relu_forward(const Context& context, std::size_t rows, int lanes, const float* b, bool relu, float* y) {
  PALIMPSEST_REQUIRE(lanes > 0, "{} lanes", lanes);
  const std::size_t count = rows * std::size_t(lanes);
  if (count == 0 || (!b && !relu)) return;
  if (lanes % 4 == 0)
    CUDA_LAUNCH(bias_relu_4, blocks_for(count / 4), kThreads, 0, context.stream.get(), count / 4, lanes / 4,
                reinterpret_cast<const float4*>(b), relu, reinterpret_cast<float4*>(y));
  else
    CUDA_LAUNCH(bias_relu, blocks_for(count), kThreads, 0, context.stream.get(), count, lanes, b, relu, y);
  CUDA_LAUNCH_CHECK();
}

void bias_backward(const Context& context, int rows, int lanes, const float* dy, float* db) {
  CUDA_LAUNCH(add_rows, blocks_for(std::size_t(lanes)), kThreads, 0, context.stream.get(), rows, lanes, dy, db);
  CUDA_LAUNCH_CHECK();
}

void relu_backward(const Context& context, std::size_t count, const float* output, float* gradient) {
  if (count == 0) return;
  CUDA_LAUNCH(relu_gradient, blocks_for(count), kThreads, 0, context.stream.get(), count, output, gradient);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
