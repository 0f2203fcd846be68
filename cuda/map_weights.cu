// f(w) of every relevance rule (ops/relevance.h), one thread per four values. Every map except `ones`, which is a fill,
// maps 0 to 0, so padding stays zero.
#include "cuda/map_weights.h"

#include "cuda/launch.h"
#include "cuda/layout.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__device__ float mapped(float w, WeightMap map, float gamma) {
  const float above = w < 0 ? 0.0F : w, below = w > 0 ? 0.0F : w;  // NaN stays
  switch (map) {
    case WeightMap::identity:
      return w;
    case WeightMap::positive:
      return above;
    case WeightMap::negative:
      return below;
    case WeightMap::gamma_positive:
      return w + gamma * above;
    case WeightMap::gamma_negative:
      return w + gamma * below;
    case WeightMap::square:
      return w * w;
    case WeightMap::ones:
      break;  // the launcher fills
  }
  return w;
}

__global__ void map_values(std::size_t count, WeightMap map, float gamma, const float* __restrict__ from,
                           float* __restrict__ to) {
  for (std::size_t at = first_index(); at < count / 4; at += grid_stride()) {
    const float4 w = fours(from)[at];
    fours(to)[at] =
        make_float4(mapped(w.x, map, gamma), mapped(w.y, map, gamma), mapped(w.z, map, gamma), mapped(w.w, map, gamma));
  }
  const std::size_t last = count / 4 * 4 + first_index();
  if (last < count) to[last] = mapped(from[last], map, gamma);
}

}  // namespace

void map_weights(const Context& context, const Tensor& from, WeightMap map, double gamma, const Tensor& to) {
  check(from, from.shape, from.layout, "from");
  check(to, from.shape, from.layout, "to");
  const std::size_t count = bytes_of(from.shape, from.layout) / sizeof(float);
  if (count == 0) return;
  if (map == WeightMap::ones) return fill(context, to, 1);
  CUDA_LAUNCH(map_values, blocks_for((count + 3) / 4), kThreads, 0, context.stream.get(), count, map, float(gamma),
              data(context, from), written(context, to));
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
