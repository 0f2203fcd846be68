// forward   y = max(y + b, 0), written so that NaN propagates    backward   g = y <= 0 ? 0 : g
// One thread takes four neighbouring values where it can: rows of a multiple of four forward (activations always are:
// channels are padded to 8), all but the last three values backward.
#include "cuda/bias_relu.h"

#include "base/error.h"
#include "cuda/column_sums.h"
#include "cuda/divisor.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__device__ __forceinline__ float cut(float value, bool relu) {
  return relu && value < 0 ? 0.0F : value;
}

__global__ void bias_relu(int count, Divisor by_lanes, const float* __restrict__ b, bool relu, float* y) {
  for (int i = int(first_index()); i < count; i += int(grid_stride()))
    y[i] = cut(y[i] + (b ? b[by_lanes.remainder(i)] : 0.0F), relu);
}

// The same on groups of four.
__global__ void bias_relu_4(int groups, Divisor by_groups_in_row, const float4* __restrict__ b, bool relu, float4* y) {
  for (int i = int(first_index()); i < groups; i += int(grid_stride())) {
    const float4 add = b ? b[by_groups_in_row.remainder(i)] : make_float4(0, 0, 0, 0);
    const float4 v = y[i];
    y[i] = make_float4(cut(v.x + add.x, relu), cut(v.y + add.y, relu), cut(v.z + add.z, relu), cut(v.w + add.w, relu));
  }
}

__global__ void relu_gradient(std::size_t count, const float* __restrict__ output, float* gradient) {
  const auto kept = [](float value, float by) { return by <= 0 ? 0.0F : value; };
  for (std::size_t at = first_index(); at < count / 4; at += grid_stride()) {
    const float4 y = fours(output)[at], g = fours(gradient)[at];
    fours(gradient)[at] = make_float4(kept(g.x, y.x), kept(g.y, y.y), kept(g.z, y.z), kept(g.w, y.w));
  }
  const std::size_t last = count / 4 * 4 + first_index();
  if (last < count) gradient[last] = kept(gradient[last], output[last]);
}

}  // namespace

void bias_relu_forward(const Context& context, std::size_t rows, int lanes, const float* b, bool relu, float* y) {
  PALIMPSEST_REQUIRE(lanes > 0, "{} lanes", lanes);
  const std::size_t count = rows * std::size_t(lanes);
  if (count == 0 || (!b && !relu)) return;
  if (lanes % 4 == 0)
    CUDA_LAUNCH(bias_relu_4, blocks_for(count / 4), kThreads, 0, context.stream.get(), count_to_divide(count / 4),
                Divisor(lanes / 4), fours(b), relu, fours(y));
  else
    CUDA_LAUNCH(bias_relu, blocks_for(count), kThreads, 0, context.stream.get(), count_to_divide(count), Divisor(lanes),
                b, relu, y);
  CUDA_LAUNCH_CHECK();
}

void bias_backward(const Context& context, std::int64_t rows, int lanes, const float* dy, float* db) {
  column_sums(context.stream.get(), dy, int(rows), lanes, column_slices(rows), static_cast<float*>(context.scratch()),
              db);
}

std::size_t bias_backward_scratch_bytes(std::int64_t rows, int lanes) {
  return std::size_t(column_slices(rows)) * std::size_t(lanes) * sizeof(float);
}

void relu_backward(const Context& context, std::size_t count, const float* output, float* gradient) {
  if (count == 0) return;
  CUDA_LAUNCH(relu_gradient, blocks_for((count + 3) / 4), kThreads, 0, context.stream.get(), count, output, gradient);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
