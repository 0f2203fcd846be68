// Two launches: kBlocks blocks at most, each value added by a thread in strides and by a tree in its block, then one
// block over their results. The order depends only on the count, so the bits are the same in every run.
#include "cuda/reduce.h"

#include "base/error.h"
#include "cuda/block_reduce.cuh"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kBlocks = 256;

struct Smaller {  // NaN wins on either side
  __device__ double operator()(double a, double b) const { return a != a ? a : b != b ? b : b < a ? b : a; }
};

template <typename T, typename Combine>
__global__ void reduce(const T* __restrict__ values, std::size_t count, double start, double* __restrict__ result) {
  SHARED_ARRAY(double, slots, kThreads);
  double mine = start;
  for (std::size_t at = first_index(); at < count; at += grid_stride()) mine = Combine()(mine, double(values[at]));
  const double all = block_reduce(mine, slots, Combine());
  if (threadIdx.x == 0) result[blockIdx.x] = all;
}

template <typename Combine>
double reduced(Context& context, const Tensor& tensor, double start) {
  PALIMPSEST_REQUIRE(tensor.layout != Layout::winners, "layout {}", int(tensor.layout));
  check(tensor, tensor.shape, tensor.layout, "tensor");
  const std::size_t count = bytes_of(tensor.shape, tensor.layout) / sizeof(float);
  if (count == 0) return start;
  const auto blocks = unsigned(std::min<std::size_t>(kBlocks, blocks_for(count)));
  context.reserve_scratch((kBlocks + 1) * sizeof(double));
  auto* const partial = static_cast<double*>(context.scratch());
  CUDA_LAUNCH((reduce<float, Combine>), blocks, kThreads, 0, context.stream.get(), data(context, tensor), count, start,
              partial);
  CUDA_LAUNCH_CHECK();
  CUDA_LAUNCH((reduce<double, Combine>), 1, kThreads, 0, context.stream.get(), partial, std::size_t{blocks}, start,
              partial + kBlocks);
  CUDA_LAUNCH_CHECK();
  return context.downloader.value(partial + kBlocks);
}

}  // namespace

double sum(Context& context, const Tensor& tensor) {
  return reduced<Plus>(context, tensor, 0);
}

double smallest(Context& context, const Tensor& tensor) {
  return reduced<Smaller>(context, tensor, __builtin_huge_val());
}

}  // namespace palimpsest::PALIMPSEST_CUDA
