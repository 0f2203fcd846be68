// Canonical order   value (o, i, m) at (o * inner_used + i) * middle + m       NCHW, OIHW: channel i before pixel m
// The GPU's order   the same value at  (o * middle + m) * inner + i            NHWC, KRSC: channels last, padded
// with the extents of cuda/context.h. One thread moves one value, in canonical order; where the orders are the same,
// values are copied.
#include "cuda/layout.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "cuda/divisor.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

// The canonical order of a tensor that has another one on the GPU.
struct Canonical {
  Divisor by_middle, by_inner_used;
  int inner;
  explicit Canonical(const Extents& e)
      : by_middle(count_to_divide(e.middle)), by_inner_used(count_to_divide(e.inner_used)), inner(int(e.inner)) {
    count_to_divide(e.outer * e.middle * e.inner_used);
  }
  __device__ std::size_t place_of(int canonical) const {
    const int rest = by_middle.quotient(canonical), o = by_inner_used.quotient(rest);
    const int m = canonical - rest * by_middle.divisor, i = rest - o * by_inner_used.divisor;
    return std::size_t(o * by_middle.divisor + m) * std::size_t(inner) + std::size_t(i);
  }
};

bool is_canonical(const Extents& e) {
  return e.middle == 1 && e.inner == e.inner_used;
}

__global__ void scatter(Canonical order, int begin, int count, const float* __restrict__ values,
                        float* __restrict__ to) {
  for (int i = int(first_index()); i < count; i += int(grid_stride())) to[order.place_of(begin + i)] = values[i];
}

__global__ void gather(Canonical order, int begin, int count, const float* __restrict__ from,
                       float* __restrict__ values) {
  for (int i = int(first_index()); i < count; i += int(grid_stride())) values[i] = from[order.place_of(begin + i)];
}

// The lanes from `used` on of every group of `lanes`, fewer than kBlock.
__global__ void zero_lanes(std::size_t groups, int lanes, int used, float* to) {
  for (std::size_t at = first_index(); at < groups; at += grid_stride())
    for (int lane = used; lane < lanes; ++lane) to[at * std::size_t(lanes) + std::size_t(lane)] = 0;
}

__global__ void fill_values(std::size_t count, float value, float* to) {
  for (std::size_t at = first_index(); at < count / 4; at += grid_stride())
    fours(to)[at] = make_float4(value, value, value, value);
  const std::size_t last = count / 4 * 4 + first_index();
  if (last < count) to[last] = value;
}

void copy_values(const Context& context, const float* from, std::size_t count, float* to) {
  CUDA_CHECK(cudaMemcpyAsync(to, from, count * sizeof(float), cudaMemcpyDeviceToDevice, context.stream.get()));
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
  const Extents e = extents(to.shape, to.layout);
  if (is_canonical(e)) return copy_values(context, values, count, written(context, to) + begin);
  CUDA_LAUNCH(scatter, blocks_for(count), kThreads, 0, context.stream.get(), Canonical(e), int(begin), int(count),
              values, written(context, to));
  CUDA_LAUNCH_CHECK();
}

void to_canonical(const Context& context, const Tensor& from, std::size_t begin, std::size_t count, float* values) {
  check_layout(from);
  PALIMPSEST_REQUIRE(begin + count <= std::size_t(from.shape.count()), "values {} to {}", begin, begin + count);
  if (count == 0) return;
  const Extents e = extents(from.shape, from.layout);
  if (is_canonical(e)) return copy_values(context, data(context, from) + begin, count, values);
  CUDA_LAUNCH(gather, blocks_for(count), kThreads, 0, context.stream.get(), Canonical(e), int(begin), int(count),
              data(context, from), values);
  CUDA_LAUNCH_CHECK();
}

void clear_padding(const Context& context, const Tensor& tensor) {
  check_layout(tensor);
  const Extents e = extents(tensor.shape, tensor.layout);
  float* const to = written(context, tensor);
  const std::size_t used = e.outer_used * e.middle * e.inner;
  if (e.inner != e.inner_used && used > 0) {
    const std::size_t groups = e.outer_used * e.middle;
    CUDA_LAUNCH(zero_lanes, blocks_for(groups), kThreads, 0, context.stream.get(), groups, int(e.inner),
                int(e.inner_used), to);
    CUDA_LAUNCH_CHECK();
  }
  if (used < e.count())
    CUDA_CHECK(cudaMemsetAsync(to + used, 0, (e.count() - used) * sizeof(float), context.stream.get()));
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
    copy_values(context, data(context, from), bytes_of(to.shape, to.layout) / sizeof(float), written(context, to));
  } else if (to.layout == Layout::matrix) {
    to_canonical(context, from, 0, count, written(context, to));
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
    CUDA_CHECK(cudaMemsetAsync(written(context, tensor), 0, bytes, context.stream.get()));
    return;
  }
  check_layout(tensor);
  const std::size_t count = bytes / sizeof(float);
  CUDA_LAUNCH(fill_values, blocks_for((count + 3) / 4), kThreads, 0, context.stream.get(), count, value,
              written(context, tensor));
  CUDA_LAUNCH_CHECK();
  clear_padding(context, tensor);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
