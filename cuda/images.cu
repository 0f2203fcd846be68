// Images of one activation to another.
#include "cuda/images.h"

#include <algorithm>

#include "base/error.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kMostBlocksPerImage = 64;

// Block (x, y): every x-th four values of image y.
__global__ void take_images_kernel(const float* __restrict__ from, const float* __restrict__ images, std::size_t pieces,
                                   float* __restrict__ to) {
  const float4* const source = fours(from) + std::size_t(images[blockIdx.y]) * pieces;
  float4* const target = fours(to) + std::size_t{blockIdx.y} * pieces;
  for (std::size_t at = first_index(); at < pieces; at += grid_stride()) target[at] = source[at];
}

// Values of an image in memory: a multiple of four.
std::size_t values_of_image(const Tensor& tensor) {
  Shape one = tensor.shape;
  one.n = 1;
  return bytes_of(one, tensor.layout) / sizeof(float);
}

void check_images(const Tensor& from, const Tensor& to) {
  check(from, from.shape, Layout::activation, "from");
  Shape shape = from.shape;
  shape.n = to.shape.n;
  check(to, shape, Layout::activation, "to");
}

}  // namespace

void take_images(const Context& context, const Tensor& from, const Tensor& images, const Tensor& to) {
  check_images(from, to);
  check(images, {to.shape.n, 1}, Layout::matrix, "images");
  const std::size_t pieces = values_of_image(from) / 4;
  if (to.shape.n == 0 || pieces == 0) return;
  const dim3 grid(unsigned(std::min((pieces + kThreads - 1) / kThreads, kMostBlocksPerImage)), unsigned(to.shape.n));
  CUDA_LAUNCH(take_images_kernel, grid, kThreads, 0, context.stream.get(), data(context, from), data(context, images),
              pieces, written(context, to));
  CUDA_LAUNCH_CHECK();
}

void put_images(const Context& context, const Tensor& from, const Tensor& to, int first) {
  check_images(from, to);
  PALIMPSEST_REQUIRE(first >= 0 && first <= to.shape.n - from.shape.n, "images {} to {} of {}", first,
                     first + from.shape.n, to.shape.n);
  CUDA_CHECK(cudaMemcpyAsync(written(context, to) + std::size_t(first) * values_of_image(to), data(context, from),
                             bytes_of(from.shape, from.layout), cudaMemcpyDeviceToDevice, context.stream.get()));
}

}  // namespace palimpsest::PALIMPSEST_CUDA
