// to = to + from, one thread per four values.
#include "cuda/add.h"

#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__global__ void add_values(std::size_t count, const float* __restrict__ from, float* __restrict__ to) {
  for (std::size_t at = first_index(); at < count / 4; at += grid_stride()) {
    const float4 x = fours(from)[at], y = fours(to)[at];
    fours(to)[at] = make_float4(y.x + x.x, y.y + x.y, y.z + x.z, y.w + x.w);
  }
  const std::size_t last = count / 4 * 4 + first_index();
  if (last < count) to[last] += from[last];
}

}  // namespace

void add(const Context& context, std::size_t count, const float* from, float* to) {
  if (count == 0) return;
  CUDA_LAUNCH(add_values, blocks_for((count + 3) / 4), kThreads, 0, context.stream.get(), count, from, to);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
