// Copies of tensors' boxes, tiled and of pixels, and the maps that they need.
#include "cuda/warpgroup.h"

#include "emulator_test.h"
#include "tensor_maps.h"

namespace {

using namespace palimpsest::PALIMPSEST_CUDA;

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

}  // namespace
