// Canonical order   value (o, i, m) at (o * inner_used + i) * middle + m       NCHW, OIHW: channel i before pixel m
// The GPU's order   the same value at  (o * middle + m) * inner + i            NHWC, KRSC: channels last, padded
// with the extents of cuda/context.h. One thread moves one value, in the order of the destination.
#include "cuda/layout.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__device__ std::size_t place_of(const Extents& e, std::size_t canonical) {
  const std::size_t m = canonical % e.middle, rest = canonical / e.middle;
  const std::size_t i = rest % e.inner_used, o = rest / e.inner_used;
  return (o * e.middle + m) * e.inner + i;
}

__device__ bool is_padding(const Extents& e, std::size_t place) {
  return place % e.inner >= e.inner_used || place / (e.inner * e.middle) >= e.outer_used;
}

__global__ void scatter(Extents e, std::size_t begin, std::size_t count, const float* __restrict__ values,
                        float* __restrict__ to) {
  for (std::size_t at = first_index(); at < count; at += grid_stride()) to[place_of(e, begin + at)] = values[at];
}

__global__ void gather(Extents e, std::size_t begin, std::size_t count, const float* __restrict__ from,
                       float* __restrict__ values) {
  for (std::size_t at = first_index(); at < count; at += grid_stride()) values[at] = from[place_of(e, begin + at)];
}

__global__ void zero_padding(Extents e, float* to) {
  for (std::size_t at = first_index(); at < e.count(); at += grid_stride())
    if (is_padding(e, at)) to[at] = 0;
}

__global__ void fill_values(Extents e, float value, float* to) {
  for (std::size_t at = first_index(); at < e.count(); at += grid_stride()) to[at] = is_padding(e, at) ? 0.0F : value;
}

void check_layout(const Tensor& tensor) {
  PALIMPSEST_REQUIRE(tensor.layout != Layout::winners, "winners have no canonical order");
  check(tensor, tensor.shape, tensor.layout, "tensor");
}

}  // namespace

void from_canonical(const Context& context, const Tensor& to, std::size_t begin, std::size_t count,
                    const float* values) {
  check_layout(to);
  PALIMPSEST_REQUIRE(begin + count <= std::size_t(to.shape.count()), "values {} to {}", begin, begin + count);
  if (count == 0) return;
  CUDA_LAUNCH(scatter, blocks_for(count), kThreads, 0, context.stream.get(), extents(to.shape, to.layout), begin, count,
              values, data(context, to));
  CUDA_LAUNCH_CHECK();
}

void to_canonical(const Context& context, const Tensor& from, std::size_t begin, std::size_t count, float* values) {
  check_layout(from);
  PALIMPSEST_REQUIRE(begin + count <= std::size_t(from.shape.count()), "values {} to {}", begin, begin + count);
  if (count == 0) return;
  CUDA_LAUNCH(gather, blocks_for(count), kThreads, 0, context.stream.get(), extents(from.shape, from.layout), begin,
              count, data(context, from), values);
  CUDA_LAUNCH_CHECK();
}

void clear_padding(const Context& context, const Tensor& tensor) {
  check_layout(tensor);
  const Extents e = extents(tensor.shape, tensor.layout);
  if (!e.has_padding() || e.count() == 0) return;
  CUDA_LAUNCH(zero_padding, blocks_for(e.count()), kThreads, 0, context.stream.get(), e, data(context, tensor));
  CUDA_LAUNCH_CHECK();
}

void upload(Context& context, const Tensor& to, const float* values) {
  check_layout(to);
  const auto count = std::size_t(to.shape.count());
  constexpr std::size_t piece = Uploader::kPiece / sizeof(float);
  for (std::size_t begin = 0; begin < count; begin += piece) {
    const std::size_t some = std::min(piece, count - begin);
    context.uploader.send(
        some * sizeof(float), [&](void* host) { std::memcpy(host, values + begin, some * sizeof(float)); },
        [&](const void* device) { from_canonical(context, to, begin, some, static_cast<const float*>(device)); });
  }
  clear_padding(context, to);
}

void download(Context& context, const Tensor& from, float* values) {
  check_layout(from);
  const auto count = std::size_t(from.shape.count());
  constexpr std::size_t piece = Downloader::kPiece / sizeof(float);
  for (std::size_t begin = 0; begin < count; begin += piece) {
    const std::size_t some = std::min(piece, count - begin);
    context.downloader.fetch(
        some * sizeof(float),
        [&](void* device) { to_canonical(context, from, begin, some, static_cast<float*>(device)); },
        [&](const void* host) { std::memcpy(values + begin, host, some * sizeof(float)); });
  }
}

void copy(const Context& context, const Tensor& from, const Tensor& to) {
  check_layout(from);
  check_layout(to);
  const auto count = std::size_t(from.shape.count());
  if (count == 0) return;
  if (from.layout == to.layout && from.shape == to.shape) {
    CUDA_CHECK(cudaMemcpyAsync(data(context, to), data(context, from), bytes_of(to.shape, to.layout),
                               cudaMemcpyDeviceToDevice, context.stream.get()));
  } else if (to.layout == Layout::matrix) {
    to_canonical(context, from, 0, count, data(context, to));
  } else {
    PALIMPSEST_REQUIRE(from.layout == Layout::matrix, "layout {}", int(from.layout));
    from_canonical(context, to, 0, count, data(context, from));
    clear_padding(context, to);
  }
}

void fill(const Context& context, const Tensor& tensor, float value) {
  check(tensor, tensor.shape, tensor.layout, "tensor");
  const std::size_t bytes = bytes_of(tensor.shape, tensor.layout);
  if (bytes == 0) return;
  if (value == 0) {
    CUDA_CHECK(cudaMemsetAsync(data(context, tensor), 0, bytes, context.stream.get()));
    return;
  }
  check_layout(tensor);
  const Extents e = extents(tensor.shape, tensor.layout);
  CUDA_LAUNCH(fill_values, blocks_for(e.count()), kThreads, 0, context.stream.get(), e, value, data(context, tensor));
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
