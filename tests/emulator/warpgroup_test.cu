// Products of warpgroups, tensor copies and barriers, in three orders of the threads.
#include "cuda/warpgroup.h"

#include "emulator_test.h"
#include "tensor_maps.h"

namespace {

using namespace palimpsest::PALIMPSEST_CUDA;
using palimpsest::simt::Order, palimpsest::simt::set_order;

template <typename Run>
void in_all_orders(const Run& run) {
  const Order before = palimpsest::simt::order();
  for (const Order order : {Order{}, Order{Order::Kind::Reversed, 0}, Order{Order::Kind::Shuffled, 3}}) {
    set_order(order);
    run();
  }
  set_order(before);
}

// Small integers, exact in BF16, which differ between neighbours in both directions.
int value_at(std::size_t i) {
  return int(i * 7 % 13) + int(i / 64 % 5) - 8;
}
std::vector<__nv_bfloat16> values(std::size_t count) {
  std::vector<__nv_bfloat16> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(__float2bfloat16(float(value_at(i))));
  return result;
}

// Where byte `at` of an atom's line `line` is, swizzled.
__device__ unsigned swizzled(unsigned line, unsigned at) {
  return line * 128 + ((at / 16 ^ line % 8) * 16 | at % 16);
}

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
TEST_F(EmulatorTest, WarpgroupProducts64) {
  expect_products<64>();
}
TEST_F(EmulatorTest, WarpgroupProducts128) {
  expect_products<128>();
}
TEST_F(EmulatorTest, WarpgroupProducts256) {
  expect_products<256>();
}

// ---- copies ----

// One copy, read back without its swizzle: `lines` lines of 128 bytes.
template <typename Copy>
__device__ void copied_out(float* out, unsigned lines, const Copy& copy) {
  DYNAMIC_SHARED(char, memory);
  SHARED_ARRAY(Barrier, arrived, 1);
  char* const tile = aligned(memory);
  if (threadIdx.x == 0) {
    init_barrier(arrived, 1);
    fence_barriers();
    arrive_expecting(arrived, lines * 128);
    copy(tile, arrived);
  }
  __syncthreads();
  wait_for(arrived, 0);
  for (unsigned i = threadIdx.x; i < lines * 64; i += blockDim.x)
    out[i] = __bfloat162float(*reinterpret_cast<const __nv_bfloat16*>(tile + swizzled(i / 64, i % 64 * 2)));
}
__global__ void copy_one_tile(const __grid_constant__ TensorMap map, int value, int line, float* out) {
  copied_out(out, 16, [&](char* tile, Barrier* barrier) { copy_tile(tile, map, barrier, value, line); });
}
__global__ void copy_of_planes(const __grid_constant__ TensorMap map, int value, int line, int plane, float* out) {
  copied_out(out, 16, [&](char* tile, Barrier* barrier) { copy_tile(tile, map, barrier, value, line, plane); });
}

TEST_F(EmulatorTest, TiledCopies) {
  constexpr int kValues = 96, kLines = 40;
  const std::vector<__nv_bfloat16> matrix = values(kValues * kLines);
  const Buffer<__nv_bfloat16> in(matrix);
  TensorMap map;
  ASSERT_EQ(tiled(map, in.get(), kValues, kLines, 64, 16), CUDA_SUCCESS);
  in_all_orders([&] {
    for (const auto& [value, line] : {std::pair{0, 0}, {32, 24}, {64, 30}, {-8, -3}, {100, 0}, {0, 40}}) {
      const Buffer<float> out(16 * 64);
      CUDA_LAUNCH(copy_one_tile, 1, 64, 4096, nullptr, map, value, line, out.get());
      ASSERT_EQ(cudaGetLastError(), cudaSuccess);
      const std::vector<float> got = out.host();
      for (int i = 0; i < 16 * 64; ++i) {
        const int x = value + i % 64, y = line + i / 64;
        const bool exists = x >= 0 && x < kValues && y >= 0 && y < kLines;
        ASSERT_EQ(got[std::size_t(i)], exists ? float(matrix[std::size_t(y * kValues + x)]) : 0) << x << " " << y;
      }
    }
  });
}

TEST_F(EmulatorTest, CopiesOfPlanes) {
  constexpr int kValues = 64, kLines = 10, kPlanes = 3;
  const std::vector<__nv_bfloat16> stack = values(kValues * kLines * kPlanes);
  const Buffer<__nv_bfloat16> in(stack);
  const std::array<cuuint64_t, 3> sizes{kValues, kLines, kPlanes};
  const std::array<cuuint64_t, 2> strides{kValues * 2, kValues * kLines * 2};
  const std::array<cuuint32_t, 3> box{64, 8, 2}, every{1, 1, 1};
  TensorMap map;
  ASSERT_EQ(cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 3, in.get(), sizes.data(), strides.data(),
                                   box.data(), every.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                   CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
            CUDA_SUCCESS);
  for (const auto& [line, plane] : {std::pair{0, 0}, {5, 1}, {-2, 2}}) {
    const Buffer<float> out(16 * 64);
    CUDA_LAUNCH(copy_of_planes, 1, 64, 4096, nullptr, map, 0, line, plane, out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    const std::vector<float> got = out.host();
    for (int i = 0; i < 16 * 64; ++i) {
      const int x = i % 64, y = line + i / 64 % 8, z = plane + i / 512;
      const bool exists = y >= 0 && y < kLines && z < kPlanes;
      ASSERT_EQ(got[std::size_t(i)], exists ? float(stack[std::size_t((z * kLines + y) * kValues + x)]) : 0)
          << x << " " << y << " " << z;
    }
  }
}

__global__ void copy_some_pixels(const __grid_constant__ TensorMap map, int channel, int w, int h, int n, int tap_w,
                                 int tap_h, float* out) {
  copied_out(out, 32,
             [&](char* tile, Barrier* barrier) { copy_pixels(tile, map, barrier, channel, w, h, n, tap_w, tap_h); });
}

// 32 results from `first` on, numbered through all pictures, at every tap: against the convolution's indices.
void expect_pixels(const PictureShape& of, int first, int channel) {
  const std::vector<__nv_bfloat16> pictures = values(std::size_t(of.images) * of.height * of.width * of.channels);
  const Buffer<__nv_bfloat16> in(pictures);
  TensorMap map;
  ASSERT_EQ(pixels(map, in.get(), of, 64, 32), CUDA_SUCCESS);
  const int height = of.height + 2 * of.padding - of.taps + 1, width = of.width + 2 * of.padding - of.taps + 1;
  for (int tap = 0; tap < of.taps * of.taps; ++tap) {
    const int r = tap / of.taps, s = tap % of.taps;
    const Buffer<float> out(32 * 64);
    CUDA_LAUNCH(copy_some_pixels, 1, 64, 8192, nullptr, map, channel, first % width - of.padding,
                first / width % height - of.padding, first / width / height, s, r, out.get());
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    const std::vector<float> got = out.host();
    for (int i = 0; i < 32 * 64; ++i) {
      const int result = first + i / 64, c = channel + i % 64;
      const int n = result / width / height, y = result / width % height + r - of.padding,
                x = result % width + s - of.padding;
      const bool exists = n < of.images && y >= 0 && y < of.height && x >= 0 && x < of.width && c < of.channels;
      const std::size_t at = exists ? std::size_t(((n * of.height + y) * of.width + x) * of.channels + c) : 0;
      ASSERT_EQ(got[std::size_t(i)], exists ? float(pictures[at]) : 0) << "tap " << tap << " pixel " << i / 64;
    }
  }
}
TEST_F(EmulatorTest, CopiesOfPixels) {
  in_all_orders([] {
    for (const int first : {0, 5, 27, 60, 100}) expect_pixels({3, 5, 7, 72, 3, 1}, first, 0);
    expect_pixels({3, 5, 7, 72, 3, 1}, 17, 64);  // beyond the channels
  });
  expect_pixels({2, 8, 6, 64, 3, 0}, 3, 0);   // a result smaller than the picture
  expect_pixels({2, 4, 4, 64, 3, 2}, 30, 0);  // and a larger one: the gradient of its inputs
  expect_pixels({2, 6, 5, 64, 1, 0}, 11, 0);
}

TEST_F(EmulatorTest, RefusedMaps) {
  const Buffer<__nv_bfloat16> in(4096);
  TensorMap map;
  const auto* const at = reinterpret_cast<const char*>(in.get());
  EXPECT_EQ(tiled(map, at, 64, 32, 64, 32), CUDA_SUCCESS);
  EXPECT_NE(tiled(map, at + 8, 64, 16, 64, 16), CUDA_SUCCESS);  // address
  EXPECT_NE(tiled(map, at, 60, 16, 32, 16), CUDA_SUCCESS);      // line of 120 bytes
  EXPECT_NE(tiled(map, at, 64, 16, 128, 16), CUDA_SUCCESS);     // box wider than its swizzle
  EXPECT_NE(tiled(map, at, 64, 16, 4, 16), CUDA_SUCCESS);       // box of 8 bytes
  EXPECT_NE(tiled(map, at, 64, 16, 64, 257), CUDA_SUCCESS);     // box of too many lines
  EXPECT_NE(tiled(map, at, 64, 16, 64, 0), CUDA_SUCCESS);       // empty box
  EXPECT_NE(tiled(map, at, 64, 0, 64, 16), CUDA_SUCCESS);       // empty matrix
  EXPECT_NE(tiled(map, nullptr, 64, 16, 64, 16), CUDA_SUCCESS);
  EXPECT_EQ(tiled(map, at, 64, 16, 32, 16, CU_TENSOR_MAP_SWIZZLE_64B), CUDA_SUCCESS);
  EXPECT_NE(tiled(map, at, 64, 16, 64, 16, CU_TENSOR_MAP_SWIZZLE_64B), CUDA_SUCCESS);
  const PictureShape pictures{1, 4, 4, 64, 3, 1};
  EXPECT_EQ(pixels(map, at, pictures, 64, 1024), CUDA_SUCCESS);
  EXPECT_NE(pixels(map, at, pictures, 64, 1025), CUDA_SUCCESS);
  EXPECT_NE(pixels(map, at, pictures, 128, 16), CUDA_SUCCESS);
  EXPECT_NE(pixels(map, at, {1, 4, 4, 60, 3, 1}, 32, 16), CUDA_SUCCESS);    // pixels of 120 bytes
  EXPECT_NE(pixels(map, at, {1, 4, 4, 64, 3, 129}, 64, 16), CUDA_SUCCESS);  // corner
  EXPECT_NE(pixels(map, at, {1, 4, 4, 64, 7, 1}, 64, 16), CUDA_SUCCESS);    // taps larger than the padded picture
}

TEST_F(EmulatorTest, DriverFunctions) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  EXPECT_EQ(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &found),
            cudaSuccess);
  EXPECT_EQ(found, cudaDriverEntryPointSuccess);
  EXPECT_EQ(function, reinterpret_cast<void*>(&cuTensorMapEncodeTiled));
  EXPECT_EQ(cudaGetDriverEntryPointByVersion("cuNothing", &function, 12000, cudaEnableDefault, &found), cudaSuccess);
  EXPECT_EQ(found, cudaDriverEntryPointSymbolNotFound);
  EXPECT_EQ(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 11000, cudaEnableDefault, &found),
            cudaSuccess);
  EXPECT_EQ(found, cudaDriverEntryPointVersionNotSufficent);
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
