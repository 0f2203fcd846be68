// One thread takes four neighbouring values where rows are a multiple of four (activations always are).
#include "cuda/map_inputs.h"

#include "cuda/divisor.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__device__ __forceinline__ float mapped(InputMap map, float sign, float x) {
  if (map == InputMap::positive) x = x < 0 ? 0.0F : x;  // NaN stays
  if (map == InputMap::negative) x = x > 0 ? 0.0F : x;
  return sign * x;
}

__global__ void map_inputs_kernel(int count, Divisor by_lanes, InputMap map, float sign,
                                  const float* __restrict__ constant, const float* __restrict__ x,
                                  float* __restrict__ to) {
  for (int i = int(first_index()); i < count; i += int(grid_stride()))
    to[i] = mapped(map, sign, constant ? constant[by_lanes.remainder(i)] : x[i]);
}

__global__ void map_inputs_kernel_4(int groups, Divisor by_groups_in_row, InputMap map, float sign,
                                    const float4* __restrict__ constant, const float4* __restrict__ x,
                                    float4* __restrict__ to) {
  for (int i = int(first_index()); i < groups; i += int(grid_stride())) {
    const float4 v = constant ? constant[by_groups_in_row.remainder(i)] : x[i];
    to[i] = make_float4(mapped(map, sign, v.x), mapped(map, sign, v.y), mapped(map, sign, v.z), mapped(map, sign, v.w));
  }
}

}  // namespace

void map_inputs(const Context& context, std::size_t rows, int lanes, const TermPointers& term, const float* x,
                float* to) {
  const std::size_t count = rows * std::size_t(lanes);
  if (count == 0) return;
  const float* const constant = term.input == InputMap::constant ? term.constant.values : nullptr;
  if (lanes % 4 == 0)
    CUDA_LAUNCH(map_inputs_kernel_4, blocks_for(count / 4), kThreads, 0, context.stream.get(),
                count_to_divide(count / 4), Divisor(lanes / 4), term.input, term.sign,
                constant ? fours(constant) : nullptr, fours(x), fours(to));
  else
    CUDA_LAUNCH(map_inputs_kernel, blocks_for(count), kThreads, 0, context.stream.get(), count_to_divide(count),
                Divisor(lanes), term.input, term.sign, constant, x, to);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
