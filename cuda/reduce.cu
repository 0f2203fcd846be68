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

__global__ void __launch_bounds__(kThreads)
    sum_values(const float* __restrict__ values, std::size_t count, double* __restrict__ result) {
  SHARED_ARRAY(double, slots, kThreads);
  const std::size_t groups = count / 4, stride = grid_stride();
  double mine = 0;
  const auto add = [&](const float4& v) { mine += (double(v.x) + double(v.y)) + (double(v.z) + double(v.w)); };
  std::size_t at = first_index();
  for (; at + (kLoads - 1) * stride < groups; at += kLoads * stride) {
    float4 loaded[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) loaded[i] = fours(values)[at + std::size_t(i) * stride];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) add(loaded[i]);
  }
  for (; at < groups; at += stride) add(fours(values)[at]);
  if (first_index() < count % 4) mine += double(values[4 * groups + first_index()]);
  const double all = block_reduce(mine, slots, Plus());
  if (threadIdx.x == 0) result[blockIdx.x] = all;
}

// *all = the results of so many blocks.
__global__ void __launch_bounds__(kThreads) sum_blocks(const double* __restrict__ results, int blocks, double* all) {
  SHARED_ARRAY(double, slots, kThreads);
  double mine = 0;
  for (int i = int(threadIdx.x); i < blocks; i += kThreads) mine += results[i];
  const double total = block_reduce(mine, slots, Plus());
  if (threadIdx.x == 0) *all = total;
}

}  // namespace

void sum(Context& context, const Tensor& tensor, double* to) {
  PALIMPSEST_REQUIRE(tensor.layout != Layout::winners, "layout {}", int(tensor.layout));
  check(tensor, tensor.shape, tensor.layout, "tensor");
  const std::size_t count = bytes_of(tensor.shape, tensor.layout) / sizeof(float);
  const auto blocks = unsigned(std::min<std::size_t>(kBlocks, blocks_for((count + 3) / 4)));
  const DeviceBuffer results(context.pool, kBlocks * sizeof(double));
  if (count > 0) {
    CUDA_LAUNCH(sum_values, blocks, kThreads, 0, context.stream.get(), data(context, tensor), count,
                results.as<double>());
    CUDA_LAUNCH_CHECK();
  }
  CUDA_LAUNCH(sum_blocks, 1, kThreads, 0, context.stream.get(), results.as<double>(), count > 0 ? int(blocks) : 0, to);
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
