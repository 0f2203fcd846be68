// NHWC: x, dx (n, h w, padded c); y, dy (n, c).
//   forward    y = mean of x over the pixels, in double in their order; one thread per mean, neighbours in c
//   backward   dx = dy / (h w), times x if it is given; one thread per four neighbouring values, padding included
#include "cuda/average_pool.h"

#include "cuda/divisor.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

struct AverageShape {
  int pixels, channels, lanes;
  Divisor by_pixels, by_channels, by_groups;  // groups of four lanes
  explicit AverageShape(const Shape& x)
      : pixels(count_to_divide(std::size_t(x.h) * std::size_t(x.w))),
        channels(x.c),
        lanes(padded(x.c)),
        by_pixels(pixels),
        by_channels(channels),
        by_groups(lanes / 4) {}
};

__global__ void average_forward(AverageShape s, int means, const float* __restrict__ x, float* __restrict__ y) {
  for (int i = int(first_index()); i < means; i += int(grid_stride())) {
    const int image = s.by_channels.quotient(i);
    const float* const first =
        x + std::size_t(image) * std::size_t(s.pixels) * std::size_t(s.lanes) + std::size_t(i - image * s.channels);
    double sum = 0;
#pragma unroll 8
    for (int pixel = 0; pixel < s.pixels; ++pixel) sum += double(first[std::size_t(pixel) * std::size_t(s.lanes)]);
    y[i] = float(sum / double(s.pixels));
  }
}

__global__ void average_backward(AverageShape s, int groups, const float* __restrict__ dy, const float4* __restrict__ x,
                                 float4* __restrict__ dx) {
  for (int i = int(first_index()); i < groups; i += int(grid_stride())) {
    const int pixel = s.by_groups.quotient(i), lane = (i - pixel * s.by_groups.divisor) * 4;
    const float* const from = dy + std::size_t(s.by_pixels.quotient(pixel)) * std::size_t(s.channels) + lane;
    const float4 times = x ? x[i] : make_float4(1, 1, 1, 1);
    const auto value = [&](int k, float factor) {
      return lane + k < s.channels ? from[k] / float(s.pixels) * factor : 0.0F;
    };
    dx[i] = make_float4(value(0, times.x), value(1, times.y), value(2, times.z), value(3, times.w));
  }
}

}  // namespace

void average_pool(const Context& context, const Tensor& x, const Tensor& y) {
  check(x, x.shape, Layout::activation, "x");
  check(y, {x.shape.n, x.shape.c}, Layout::matrix, "y");
  if (x.shape.count() == 0) return;
  const auto means = std::size_t(y.shape.count());
  CUDA_LAUNCH(average_forward, blocks_for(means), kThreads, 0, context.stream.get(), AverageShape(x.shape),
              count_to_divide(means), data(context, x), written(context, y));
  CUDA_LAUNCH_CHECK();
}

void average_pool_backward(const Context& context, const Tensor& dy, const Tensor& x, const Tensor& dx) {
  check(dy, {dx.shape.n, dx.shape.c}, Layout::matrix, "dy");
  check(dx, dx.shape, Layout::activation, "dx");
  if (!x.empty()) check(x, dx.shape, Layout::activation, "x");
  const std::size_t groups = bytes_of(dx.shape, Layout::activation) / sizeof(float4);
  if (groups == 0) return;
  CUDA_LAUNCH(average_backward, blocks_for(groups), kThreads, 0, context.stream.get(), AverageShape(dx.shape),
              count_to_divide(groups), data(context, dy), fours(optional_data(context, x)),
              fours(written(context, dx)));
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
