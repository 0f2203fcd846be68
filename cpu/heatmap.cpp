#include "cpu/heatmap.h"

#include <algorithm>

namespace palimpsest::cpu {

void sum_channels(const Context& context, const Tensor& relevance, const Tensor& maps) {
  const Shape s = relevance.shape;
  const std::size_t area = std::size_t(s.h) * std::size_t(s.w), block = std::size_t(context.block);
  check(context, relevance, s, Layout::activation, "relevance");
  check(context, maps, {s.n, s.h * s.w}, Layout::matrix, "maps");
  const std::size_t image = area * std::size_t(context.padded(s.c));
  const float* const from = data(context, relevance);
  float* const to = data(context, maps);
#pragma omp parallel for schedule(static)
  for (int n = 0; n < s.n; ++n)
    for (std::size_t p = 0; p < area; ++p) {
      double sum = 0;
      for (std::size_t c = 0; c < std::size_t(s.c); ++c)
        sum += double(from[std::size_t(n) * image + (c / block * area + p) * block + c % block]);
      to[std::size_t(n) * area + p] = float(sum);
    }
}

void normalise_maps(const Context& context, const Tensor& maps, MapNormalisation kind, const Tensor& to) {
  check(context, maps, maps.shape, Layout::matrix, "maps");
  check(context, to, maps.shape, Layout::matrix, "to");
  const auto count = std::size_t(maps.shape.c);
  if (count == 0) return;
  const float* const all = data(context, maps);
  float* const out = data(context, to);
#pragma omp parallel for schedule(static)
  for (int n = 0; n < maps.shape.n; ++n) {
    const float* const from = all + std::size_t(n) * count;
    const auto [low, high] = std::minmax_element(from, from + count);
    double total = 0;
    for (std::size_t i = 0; i < count; ++i) total += double(from[i]);
    const MapScale scale = map_scale(kind, double(*low), double(*high), total);
    std::transform(from, from + count, out + std::size_t(n) * count, scale);
  }
}

}  // namespace palimpsest::cpu
