// Clusters: blocks that run at once and reach each other's shared memory, in three orders of the threads.
#include "broadcast.cuh"
#include "emulator_test.h"

namespace {

using namespace palimpsest::PALIMPSEST_CUDA;
using broadcast::kLines, broadcast::kStage, broadcast::kThreads;

// Each block counts its own barriers of __syncthreads, of which the second block has more.
__global__ void places(int* out) {
  SHARED_ARRAY(int, own, 1);
  const unsigned rank = block_rank();
  if (threadIdx.x == 0) own[0] = 0;
  for (unsigned round = 0; round < 2 + 3 * rank; ++round) {
    __syncthreads();
    if (threadIdx.x == round) own[0] += 1;
  }
  __syncthreads();
  if (threadIdx.x == 5) out[blockIdx.x] = int(100 * gridDim.x + 10 * rank) + own[0];
}
TEST_F(EmulatorTest, BlocksOfAClusterAreNeighbours) {
  in_all_orders([] {
    const Buffer<int> out(6);
    CUDA_LAUNCH_CLUSTERS(2, places, 6, kThreads, 0, nullptr, out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    EXPECT_EQ(out.host(), (std::vector<int>{602, 615, 602, 615, 602, 615}));
  });
}

__global__ void arrivals(int* out) {
  SHARED_ARRAY(Barrier, barrier, 1);
  const unsigned rank = block_rank();
  if (threadIdx.x == 0) {
    init_barrier(barrier, 2 * kThreads);
    fence_barriers();
  }
  sync_cluster();
  arrive(barrier);
  arrive_at(barrier, rank ^ 1);
  wait_for_cluster(barrier, 0);
  if (threadIdx.x == 0) out[blockIdx.x] = 1;
  sync_cluster();
}
TEST_F(EmulatorTest, BarriersCountOtherBlocks) {
  in_all_orders([] {
    Buffer<int> out(4);
    out.zero();
    CUDA_LAUNCH_CLUSTERS(2, arrivals, 4, kThreads, 0, nullptr, out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    EXPECT_EQ(out.host(), std::vector<int>(4, 1));
  });
}

TEST_F(EmulatorTest, CopiesReachAllBlocks) {
  const std::vector<__nv_bfloat16> values = rows();
  const Buffer<__nv_bfloat16> in(values);
  TensorMap map;
  ASSERT_EQ(tiled(map, in.get(), 256, 64, 64, 32), CUDA_SUCCESS);
  in_all_orders([&] {
    const Buffer<float> out(4 * kLines);
    CUDA_LAUNCH_CLUSTERS(2, broadcast::sums_of_lines<broadcast::Mistake::none>, 4, kThreads, 2 * kStage + 1024, nullptr,
                         map, out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    const std::vector<float> got = out.host();
    for (std::size_t i = 0; i < got.size(); ++i) {
      float expected = 0;
      for (std::size_t k = 0; k < 256; ++k) expected += float(values[i % kLines * 256 + k]);
      ASSERT_EQ(got[i], expected) << i;
    }
  });
}

// Half of two pictures' pixels by each block.
__global__ void pixels_to_both(const __grid_constant__ TensorMap map, float* out) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, full, 1);
  char* const tile = aligned(memory);
  const unsigned rank = block_rank();
  if (threadIdx.x == 0) {
    init_barrier(full, 1);
    fence_barriers();
  }
  sync_cluster();
  if (threadIdx.x == 0) {
    arrive_expecting(full, 32 * 128);
    copy_pixels_to(3, tile + rank * 16 * 128, map, full, 0, 0, 0, int(rank), 0, 0);
  }
  wait_for(full, 0);
  if (threadIdx.x < 32) {
    float sum = 0;
    for (int i = 0; i < 64; ++i)
      sum += __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(tile + threadIdx.x * 128)[i]);
    out[blockIdx.x * 32 + threadIdx.x] = sum;
  }
  sync_cluster();
}
TEST_F(EmulatorTest, PixelsReachAllBlocks) {
  const std::vector<__nv_bfloat16> pictures = values(2 * 16 * 64);
  const Buffer<__nv_bfloat16> in(pictures);
  TensorMap map;
  ASSERT_EQ(pixels(map, in.get(), {2, 4, 4, 64, 1, 0}, 64, 16), CUDA_SUCCESS);
  const Buffer<float> out(64);
  CUDA_LAUNCH_CLUSTERS(2, pixels_to_both, 2, kThreads, 32 * 128 + 1024, nullptr, map, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const std::vector<float> got = out.host();
  for (std::size_t i = 0; i < got.size(); ++i) {
    float expected = 0;
    for (std::size_t k = 0; k < 64; ++k) expected += float(pictures[i % 32 * 64 + k]);
    ASSERT_EQ(got[i], expected) << i;
  }
}

TEST_F(EmulatorTest, SizesOfClusters) {
  const Buffer<int> out(6);
  CUDA_LAUNCH_CLUSTERS(2, places, 5, kThreads, 0, nullptr, out.get());
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidClusterSize);
  CUDA_LAUNCH_CLUSTERS(0, places, 6, kThreads, 0, nullptr, out.get());
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidClusterSize);
}

}  // namespace
