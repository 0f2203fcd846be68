// Products of warpgroups and barriers of some threads, in three orders of the threads.
#include "cuda/warpgroup.h"

#include "emulator_test.h"
#include "tensor_maps.h"

namespace {

using namespace palimpsest::PALIMPSEST_CUDA;

constexpr int kDepth = 64;

// out (64 x N) = its old values + left (64 x 64) * right^T (N x 64), both written by the threads as `LEFT` and `RIGHT`
// say.
template <int N, Along LEFT, Along RIGHT>
__global__ void product(const __nv_bfloat16* left, const __nv_bfloat16* right, float* out) {
  DYNAMIC_SHARED(char, memory);
  char* const left_tile = aligned(memory);
  char* const right_tile = left_tile + 64 * 128;
  const auto place = [](char* tile, Along along, unsigned side, unsigned term) {
    const unsigned at =
        along == Along::sum ? swizzled(side, term * 2) : side / 64 * (kDepth * 128) + swizzled(term, side % 64 * 2);
    return reinterpret_cast<__nv_bfloat16*>(tile + at);
  };
  for (unsigned i = threadIdx.x; i < 64 * kDepth; i += 128) *place(left_tile, LEFT, i / kDepth, i % kDepth) = left[i];
  for (unsigned i = threadIdx.x; i < N * kDepth; i += 128) *place(right_tile, RIGHT, i / kDepth, i % kDepth) = right[i];
  fence_shared();
  __syncthreads();

  const auto index = [](unsigned held) {
    const unsigned t = threadIdx.x, j = held / 4, i = held / 2 % 2, e = held % 2;
    return (16 * (t / 32) + 8 * i + t % 32 / 4) * N + 8 * j + 2 * (t % 4) + e;
  };
  float sum[N / 2];
  for (unsigned held = 0; held < N / 2; ++held) sum[held] = out[index(held)];
  const auto a = shared_matrix<LEFT>(left_tile, LEFT == Along::sum ? 1024 : kDepth * 128);
  const auto b = shared_matrix<RIGHT>(right_tile, RIGHT == Along::sum ? 1024 : kDepth * 128);
  fence_products(sum);
  for (unsigned k = 0; k < kDepth / 16; ++k) {
    multiply<N, LEFT, RIGHT>(sum, moved(a, k * (LEFT == Along::sum ? 32 : 2048)),
                             moved(b, k * (RIGHT == Along::sum ? 32 : 2048)), true);
    commit_products();
  }
  wait_for_products<0>(sum);
  for (unsigned held = 0; held < N / 2; ++held) out[index(held)] = sum[held];
}

template <int N, Along LEFT, Along RIGHT>
void expect_product() {
  const std::vector<__nv_bfloat16> left = values(64 * kDepth), right = values(N * kDepth);
  const Buffer<__nv_bfloat16> a(left), b(right);
  in_all_orders([&] {
    const Buffer<float> out(counting(64 * N));
    EXPECT_EQ(cudaFuncSetAttribute(product<N, LEFT, RIGHT>, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 << 10),
              cudaSuccess);
    CUDA_LAUNCH((product<N, LEFT, RIGHT>), 1, 128, (64 + N) * 128 + 1024, nullptr, a.get(), b.get(), out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    const std::vector<float> got = out.host();
    for (std::size_t row = 0; row < 64; ++row)
      for (std::size_t column = 0; column < N; ++column) {
        float expected = float(row * N + column);
        for (std::size_t k = 0; k < kDepth; ++k)
          expected += float(left[row * kDepth + k]) * float(right[column * kDepth + k]);
        ASSERT_EQ(got[row * N + column], expected) << row << " " << column;
      }
  });
}
template <int N>
void expect_products() {
  expect_product<N, Along::sum, Along::sum>();
  expect_product<N, Along::sum, Along::side>();
  expect_product<N, Along::side, Along::sum>();
  expect_product<N, Along::side, Along::side>();
}
TEST_F(EmulatorTest, WarpgroupProducts8) {
  expect_product<8, Along::sum, Along::sum>();
  expect_product<8, Along::side, Along::sum>();
}
TEST_F(EmulatorTest, WarpgroupProducts64) {
  expect_products<64>();
}
TEST_F(EmulatorTest, WarpgroupProducts128) {
  expect_products<128>();
}
TEST_F(EmulatorTest, WarpgroupProducts192) {
  expect_products<192>();
}
TEST_F(EmulatorTest, WarpgroupProducts256) {
  expect_products<256>();
}

// The other layouts of a descriptor: lines of `width` bytes, 16 for none that are swizzled. Distances, between what
// they are for, leave gaps.
struct Layout {
  unsigned width, leading, stride;
};
__device__ unsigned place(const Layout& layout, Along along, unsigned side, unsigned term) {
  const unsigned chunks = layout.width / 16;
  unsigned at = 0;
  if (along == Along::sum && chunks == 1)
    at = side / 8 * layout.stride + side % 8 * 16 + term / 8 * layout.leading + term % 8 * 2;
  else if (along == Along::sum)
    at = side / 8 * layout.stride + side % 8 * layout.width + term * 2;
  else if (chunks == 1)
    at = side / 8 * layout.stride + term / 8 * layout.leading + term % 8 * 16 + side % 8 * 2;
  else
    at = side / (8 * chunks) * layout.leading + term / 8 * layout.stride + term % 8 * layout.width +
         side % (8 * chunks) * 2;
  return at ^ at / 128 % chunks * 16;
}
__device__ std::uint64_t described(const char* tile, const Layout& layout) {
  const std::uint64_t mode = layout.width == 128 ? 1 : layout.width == 64 ? 2 : layout.width == 32 ? 3 : 0;
  return shared_address(tile) >> 4 | std::uint64_t{layout.leading >> 4} << 16 |
         std::uint64_t{layout.stride >> 4} << 32 | mode << 62;
}
template <Along ALONG>
__global__ void product_of_layout(const __nv_bfloat16* left, const __nv_bfloat16* right, Layout layout, float* out) {
  DYNAMIC_SHARED(char, memory);
  constexpr unsigned kTile = 24 << 10;
  char* const tile = aligned(memory);
  for (unsigned i = threadIdx.x; i < 64 * 16; i += 128) {
    const unsigned at = place(layout, ALONG, i / 16, i % 16);
    *reinterpret_cast<__nv_bfloat16*>(tile + at) = left[i];
    *reinterpret_cast<__nv_bfloat16*>(tile + kTile + at) = right[i];
  }
  fence_shared();
  __syncthreads();
  float sum[32];
  fence_products(sum);
  multiply<64, ALONG, ALONG>(sum, described(tile, layout), described(tile + kTile, layout), false);
  commit_products();
  wait_for_products<0>(sum);
  for (unsigned held = 0; held < 32; ++held) {
    const unsigned t = threadIdx.x, row = 16 * (t / 32) + held / 2 % 2 * 8 + t % 32 / 4;
    out[row * 64 + held / 4 * 8 + 2 * (t % 4) + held % 2] = sum[held];
  }
}
template <Along ALONG>
void expect_layout(Layout layout) {
  const std::vector<__nv_bfloat16> left = values(64 * 16), right = values(64 * 16 + 5);
  const Buffer<__nv_bfloat16> a(left), b(right);
  const Buffer<float> out(64 * 64);
  EXPECT_EQ(cudaFuncSetAttribute(product_of_layout<ALONG>, cudaFuncAttributeMaxDynamicSharedMemorySize, 49 << 10),
            cudaSuccess);
  CUDA_LAUNCH(product_of_layout<ALONG>, 1, 128, 49 << 10, nullptr, a.get(), b.get(), layout, out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const std::vector<float> got = out.host();
  for (std::size_t row = 0; row < 64; ++row)
    for (std::size_t column = 0; column < 64; ++column) {
      float expected = 0;
      for (std::size_t k = 0; k < 16; ++k) expected += float(left[row * 16 + k]) * float(right[column * 16 + k]);
      ASSERT_EQ(got[row * 64 + column], expected) << layout.width << ": " << row << " " << column;
    }
}
TEST_F(EmulatorTest, LayoutsOfMatrices) {
  expect_layout<Along::sum>({16, 2048, 256});  // leading: the next 8 terms; stride: the next 8 rows
  expect_layout<Along::sum>({32, 16, 512});
  expect_layout<Along::sum>({64, 16, 1024});
  expect_layout<Along::sum>({128, 16, 2048});
  expect_layout<Along::side>({16, 4096, 256});   // leading: the next 8 terms; stride: the next 8 rows
  expect_layout<Along::side>({32, 1024, 8192});  // leading: the next line's width of rows; stride: the next 8 terms
  expect_layout<Along::side>({64, 2048, 8192});
  expect_layout<Along::side>({128, 4096, 8192});
}

// ---- barriers ----

// Two halves of a block hand a number back and forth: phases, parities and arrivals of all threads of a half.
__global__ void ping_pong(int* out) {
  SHARED_ARRAY(Barrier, turn, 2);
  SHARED_ARRAY(int, ball, 1);
  const unsigned side = threadIdx.x / 32;
  if (threadIdx.x == 0) {
    init_barrier(turn, 32);
    init_barrier(turn + 1, 32);
    fence_barriers();
    ball[0] = 0;
  }
  __syncthreads();
  for (unsigned round = 0; round < 5; ++round) {
    wait_for(turn + side, side == 0 ? (round + 1) % 2 : round % 2);  // the first half begins
    if (threadIdx.x % 32 == round) ball[0] = ball[0] * 2 + int(side);
    arrive(turn + 1 - side);
  }
  if (side == 0) wait_for(turn, 0);
  if (threadIdx.x == 0) out[0] = ball[0];
}
TEST_F(EmulatorTest, PhasesOfBarriers) {
  in_all_orders([] {
    const Buffer<int> out(1);
    CUDA_LAUNCH(ping_pong, 1, 64, 0, nullptr, out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    EXPECT_EQ(out.host()[0], 0b0101010101);
  });
}

__global__ void numbered_barriers(int* out) {
  SHARED_ARRAY(int, values, 128);
  const unsigned half = threadIdx.x / 64;
  for (int round = 0; round < 3; ++round) {
    values[threadIdx.x] = int(threadIdx.x) + round;
    sync_threads(1 + half, 64);
    if (threadIdx.x % 64 == 0) out[half] = values[threadIdx.x + 63];
    sync_threads(1 + half, 64);
  }
  sync_threads(15, 128);
  out[2 + threadIdx.x] = values[threadIdx.x ^ 127];
}
TEST_F(EmulatorTest, NumberedBarriers) {
  in_all_orders([] {
    const Buffer<int> out(130);
    CUDA_LAUNCH(numbered_barriers, 1, 128, 0, nullptr, out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    const std::vector<int> got = out.host();
    EXPECT_EQ(got[0], 65);
    EXPECT_EQ(got[1], 129);
    for (int i = 0; i < 128; ++i) ASSERT_EQ(got[std::size_t(2 + i)], (i ^ 127) + 2);
  });
}

// ---- all of it: a pipeline of a producer and two consumers ----

// out (rows x 128) = left * right^T with rows of `depth` values; a block's tiles are 128 rows, its stages two.
__global__ void pipeline(const __grid_constant__ TensorMap left, const __grid_constant__ TensorMap right, int tiles,
                         int steps, float* out) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, full, 2);
  SHARED_ARRAY(Barrier, empty, 2);
  constexpr unsigned kTile = 128 * 128;
  char* const stages = aligned(memory);
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; ++i) {
      init_barrier(full + i, 1);
      init_barrier(empty + i, 8);
    }
    fence_barriers();
  }
  __syncthreads();
  int done = 0;
  if (threadIdx.x >= 256) {
    give_registers<40>();
    if (threadIdx.x > 256) return;
    prefetch_map(left);
    for (int tile = int(blockIdx.x); tile < tiles; tile += int(gridDim.x)) {
      for (int step = 0; step < steps; ++step, ++done) {
        char* const stage = stages + done % 2 * 2 * kTile;
        wait_for(empty + done % 2, (done / 2 + 1) % 2);
        arrive_expecting(full + done % 2, 2 * kTile);
        copy_tile(stage, left, full + done % 2, step * 64, tile * 128);
        copy_tile(stage + kTile, right, full + done % 2, step * 64, 0);
      }
    }
    return;
  }
  take_registers<232>();
  const unsigned consumer = threadIdx.x / 128, t = threadIdx.x % 128;
  for (int tile = int(blockIdx.x); tile < tiles; tile += int(gridDim.x)) {
    float sum[64];
    for (int step = 0; step < steps; ++step, ++done) {
      const char* const stage = stages + done % 2 * 2 * kTile;
      wait_for(full + done % 2, done / 2 % 2);
      const auto a = shared_matrix<Along::sum>(stage + consumer * 64 * 128, 1024);
      const auto b = shared_matrix<Along::sum>(stage + kTile, 1024);
      fence_products(sum);
      for (unsigned k = 0; k < 4; ++k)
        multiply<128, Along::sum, Along::sum>(sum, moved(a, 32 * k), moved(b, 32 * k), step > 0 || k > 0);
      commit_products();
      // The products of the last step run on.
      wait_for_products<1>();
      if (step > 0 && t % 32 == 0) arrive(empty + (done + 1) % 2);
    }
    wait_for_products<0>(sum);
    if (t % 32 == 0) arrive(empty + (done + 1) % 2);
    for (unsigned held = 0; held < 64; ++held) {
      const unsigned row = tile * 128 + consumer * 64 + 16 * (t / 32) + held / 2 % 2 * 8 + t % 32 / 4;
      out[row * 128 + held / 4 * 8 + 2 * (t % 4) + held % 2] = sum[held];
    }
  }
}
TEST_F(EmulatorTest, WarpgroupPipeline) {
  constexpr std::size_t kTiles = 3, kSteps = 5, kTerms = kSteps * 64;
  const std::vector<__nv_bfloat16> left = values(kTiles * 128 * kTerms), right = values(128 * kTerms);
  const Buffer<__nv_bfloat16> a(left), b(right);
  TensorMap left_map, right_map;
  ASSERT_EQ(tiled(left_map, a.get(), kTerms, kTiles * 128, 64, 128), CUDA_SUCCESS);
  ASSERT_EQ(tiled(right_map, b.get(), kTerms, 128, 64, 128), CUDA_SUCCESS);
  EXPECT_EQ(cudaFuncSetAttribute(pipeline, cudaFuncAttributeMaxDynamicSharedMemorySize, 66 << 10), cudaSuccess);
  in_all_orders([&] {
    const Buffer<float> out(kTiles * 128 * 128);
    CUDA_LAUNCH(pipeline, 2, 384, 66 << 10, nullptr, left_map, right_map, int(kTiles), int(kSteps), out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    const std::vector<float> got = out.host();
    for (std::size_t row = 0; row < kTiles * 128; ++row)
      for (std::size_t column = 0; column < 128; ++column) {
        float expected = 0;
        for (std::size_t k = 0; k < kTerms; ++k)
          expected += float(left[row * kTerms + k]) * float(right[column * kTerms + k]);
        ASSERT_EQ(got[row * 128 + column], expected) << row << " " << column;
      }
  });
}

}  // namespace
