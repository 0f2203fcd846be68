// Two launches: kBlocks blocks at most, each value added by a thread in strides of four values and by a tree in its
// block; then one block over their results. The order of additions depends only on the count, so the bits are the same
// in every run and on every GPU.
#include "cuda/reduce.h"

#include "base/error.h"
#include "cuda/block_reduce.cuh"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

// Four on each of an H100's 132 multiprocessors; with kLoads loads of 16 bytes in flight in each thread they hold 8 MB,
// several times what its memory transfers in the time of one access.
constexpr std::size_t kBlocks = 528;
constexpr int kLoads = 4;

struct Smaller {  // NaN wins on either side
  __host__ __device__ float operator()(float a, float b) const { return a <= b || a != a ? a : b; }
};

template <typename T, typename Combine>
__global__ void __launch_bounds__(kThreads)
    reduce(const float* __restrict__ values, std::size_t count, T start, T* __restrict__ result) {
  SHARED_ARRAY(T, slots, kThreads);
  constexpr Combine combine;
  const std::size_t groups = count / 4, stride = grid_stride();
  T mine = start;
  const auto add = [&](const float4& v) {
    mine = combine(mine, combine(combine(T(v.x), T(v.y)), combine(T(v.z), T(v.w))));
  };
  std::size_t at = first_index();
  for (; at + (kLoads - 1) * stride < groups; at += kLoads * stride) {
    float4 loaded[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) loaded[i] = fours(values)[at + std::size_t(i) * stride];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) add(loaded[i]);
  }
  for (; at < groups; at += stride) add(fours(values)[at]);
  if (first_index() < count % 4) mine = combine(mine, T(values[4 * groups + first_index()]));
  const T all = block_reduce(mine, slots, combine);
  if (threadIdx.x == 0) result[blockIdx.x] = all;
}

// *all = the results of so many blocks.
template <typename T, typename Combine>
__global__ void __launch_bounds__(kThreads) combine_blocks(const T* __restrict__ results, int blocks, T start, T* all) {
  SHARED_ARRAY(T, slots, kThreads);
  constexpr Combine combine;
  T mine = start;
  for (int i = int(threadIdx.x); i < blocks; i += kThreads) mine = combine(mine, results[i]);
  const T total = block_reduce(mine, slots, combine);
  if (threadIdx.x == 0) *all = total;
}

template <typename T, typename Combine>
Pending<double> reduced(Context& context, const Tensor& tensor, T start) {
  PALIMPSEST_REQUIRE(tensor.layout != Layout::winners, "layout {}", int(tensor.layout));
  check(tensor, tensor.shape, tensor.layout, "tensor");
  const std::size_t count = bytes_of(tensor.shape, tensor.layout) / sizeof(float);
  if (count == 0) return double(start);
  const auto blocks = unsigned(std::min<std::size_t>(kBlocks, blocks_for((count + 3) / 4)));
  const DeviceBuffer results(context.pool, (kBlocks + 1) * sizeof(T));
  T* const all = results.as<T>() + kBlocks;
  CUDA_LAUNCH((reduce<T, Combine>), blocks, kThreads, 0, context.stream.get(), data(context, tensor), count, start,
              results.as<T>());
  CUDA_LAUNCH_CHECK();
  CUDA_LAUNCH((combine_blocks<T, Combine>), 1, kThreads, 0, context.stream.get(), results.as<T>(), int(blocks), start,
              all);
  CUDA_LAUNCH_CHECK();
  return context.readback.read<T, double>(all, [](T value) { return double(value); });
}

}  // namespace

Pending<double> sum(Context& context, const Tensor& tensor) {
  return reduced<double, Plus>(context, tensor, 0);
}

Pending<double> smallest(Context& context, const Tensor& tensor) {
  return reduced<float, Smaller>(context, tensor, __builtin_huge_valf());
}

}  // namespace palimpsest::PALIMPSEST_CUDA
