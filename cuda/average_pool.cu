// NHWC: x, dx (n, h w, padded c); y, dy (n, c).
//   forward    y = mean of x over the pixels, in double in their order; one thread per mean, neighbours in c
//   backward   dx = dy / (h w), times x if it is given; one thread per value, padding included
#include "cuda/average_pool.h"

#include "base/error.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

struct AverageShape {
  std::size_t images, pixels, channels, lanes;
  explicit AverageShape(const Shape& x)
      : images(std::size_t(x.n)),
        pixels(std::size_t(x.h) * std::size_t(x.w)),
        channels(std::size_t(x.c)),
        lanes(std::size_t(padded(x.c))) {}
};

__global__ void average_forward(AverageShape s, const float* __restrict__ x, float* __restrict__ y) {
  for (std::size_t at = first_index(); at < s.images * s.channels; at += grid_stride()) {
    const float* const first = x + at / s.channels * s.pixels * s.lanes + at % s.channels;
    double sum = 0;
    for (std::size_t pixel = 0; pixel < s.pixels; ++pixel) sum += double(first[pixel * s.lanes]);
    y[at] = float(sum / double(s.pixels));
  }
}

__global__ void average_backward(AverageShape s, const float* __restrict__ dy, const float* __restrict__ x,
                                 float* __restrict__ dx) {
  for (std::size_t at = first_index(); at < s.images * s.pixels * s.lanes; at += grid_stride()) {
    const std::size_t lane = at % s.lanes, image = at / s.lanes / s.pixels;
    float value = 0;
    if (lane < s.channels) value = dy[image * s.channels + lane] / float(s.pixels) * (x ? x[at] : 1.0F);
    dx[at] = value;
  }
}

}  // namespace

void average_pool(const Context& context, const Tensor& x, const Tensor& y) {
  check(x, x.shape, Layout::activation, "x");
  check(y, {x.shape.n, x.shape.c}, Layout::matrix, "y");
  if (x.shape.count() == 0) return;
  CUDA_LAUNCH(average_forward, blocks_for(std::size_t(y.shape.count())), kThreads, 0, context.stream.get(),
              AverageShape(x.shape), data(context, x), data(context, y));
  CUDA_LAUNCH_CHECK();
}

void average_pool_backward(const Context& context, const Tensor& dy, const Tensor& x, const Tensor& dx) {
  check(dy, {dx.shape.n, dx.shape.c}, Layout::matrix, "dy");
  check(dx, dx.shape, Layout::activation, "dx");
  if (!x.empty()) check(x, dx.shape, Layout::activation, "x");
  const std::size_t count = bytes_of(dx.shape, Layout::activation) / sizeof(float);
  if (count == 0) return;
  CUDA_LAUNCH(average_backward, blocks_for(count), kThreads, 0, context.stream.get(), AverageShape(dx.shape),
              data(context, dy), optional_data(context, x), data(context, dx));
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
