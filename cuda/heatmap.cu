//   sum_channels    maps[n, p] = sum over c of relevance[n, p, c] (NHWC), in double in the order of c; one thread per
//                   pixel, which reads the padding too: its zeros change no sum
//   normalise_maps  each row separately: clamp(R * scale + shift, 0, 1), scale and shift from the row's smallest and
//                   largest value and its sum (ops/heatmap.h); one block per row
#include "cuda/heatmap.h"

#include "cuda/block_reduce.cuh"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr int kRowThreads = 1024, kLoads = 8;  // of a block for each row, which is short: most of its time is latency

__global__ void add_channels(std::size_t pixels, int groups, const float4* __restrict__ relevance,
                             float* __restrict__ maps) {
  for (std::size_t at = first_index(); at < pixels; at += grid_stride()) {
    const float4* const from = relevance + at * std::size_t(groups);
    double sum = 0;
#pragma unroll 4
    for (int i = 0; i < groups; ++i) {
      const float4 v = from[i];
      sum += double(v.x);
      sum += double(v.y);
      sum += double(v.z);
      sum += double(v.w);
    }
    maps[at] = float(sum);
  }
}

struct Range {
  float low, high;
  double total;
};

struct Widen {
  __device__ Range operator()(Range a, Range b) const {
    return {b.low < a.low ? b.low : a.low, a.high < b.high ? b.high : a.high, a.total + b.total};
  }
};

struct Scale {
  double scale, shift;
};

// map_scale() of ops/heatmap.h
__device__ Scale scale_of(MapNormalisation kind, const Range& r) {
  const double low = double(r.low), high = double(r.high);
  if (kind == MapNormalisation::share) return {r.total != 0 ? 1 / fabs(r.total) : 0.0, 0.0};
  if (kind == MapNormalisation::min_max)
    return high > low ? Scale{1 / (high - low), -low * (1 / (high - low))} : Scale{0.0, 0.5};
  const double most = fabs(low) < fabs(high) ? fabs(high) : fabs(low);
  return {most > 0 ? 0.5 / most : 0.0, 0.5};
}

__global__ void __launch_bounds__(kRowThreads)
    normalise_rows(std::size_t count, MapNormalisation kind, const float* maps, float* to) {
  SHARED_ARRAY(Range, slots, kRowThreads);
  const float* const from = maps + std::size_t{blockIdx.x} * count;
  Range mine{from[0], from[0], 0};
  for_each_of_thread<kLoads, kRowThreads>(from, count,
                                          [&](std::size_t, float v) { mine = Widen()(mine, Range{v, v, double(v)}); });
  const Scale s = scale_of(kind, block_reduce<kRowThreads>(mine, slots, Widen()));
  float* const out = to + std::size_t{blockIdx.x} * count;
  for_each_of_thread<kLoads, kRowThreads>(from, count, [&](std::size_t at, float value) {
    const double v = double(value) * s.scale + s.shift;
    out[at] = float(v < 0 ? 0.0 : v > 1 ? 1.0 : v);
  });
}

}  // namespace

void sum_channels(const Context& context, const Tensor& relevance, const Tensor& maps) {
  const Shape s = relevance.shape;
  check(relevance, s, Layout::activation, "relevance");
  check(maps, {s.n, s.h * s.w}, Layout::matrix, "maps");
  const std::size_t pixels = std::size_t(s.n) * std::size_t(s.h) * std::size_t(s.w);
  if (pixels == 0) return;
  CUDA_LAUNCH(add_channels, blocks_for(pixels), kThreads, 0, context.stream.get(), pixels, padded(s.c) / 4,
              fours(data(context, relevance)), written(context, maps));
  CUDA_LAUNCH_CHECK();
}

void normalise_maps(const Context& context, const Tensor& maps, MapNormalisation kind, const Tensor& to) {
  check(maps, maps.shape, Layout::matrix, "maps");
  check(to, maps.shape, Layout::matrix, "to");
  if (maps.shape.count() == 0) return;
  CUDA_LAUNCH(normalise_rows, unsigned(maps.shape.n), kRowThreads, 0, context.stream.get(), std::size_t(maps.shape.c),
              kind, data(context, maps), written(context, to));
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
