#include "cuda/tensor_map.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "base/error.h"

// The maps of cuda/tensor_map.h against those that the driver's functions make of plain numbers.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

alignas(16) constexpr std::array<char, 16> kMemory{};  // whatever is behind it: only its address counts
const void* const kData = kMemory.data();

void expect_same(const TensorMap& map, const TensorMap& expected) {
  EXPECT_EQ(std::memcmp(&map, &expected, sizeof map), 0);
}

TensorMap encoded_tiles(cuuint32_t rank, const cuuint64_t* sizes, const cuuint64_t* strides, const cuuint32_t* box) {
  constexpr std::array<cuuint32_t, 3> kEvery{1, 1, 1};
  TensorMap map{};
  EXPECT_EQ(
      cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, rank, const_cast<void*>(kData), sizes, strides,
                             box, kEvery.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                             CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
      CUDA_SUCCESS);
  return map;
}

TEST(TensorMaps, OfMatrices) {
  const std::array<cuuint64_t, 3> sizes{576, 128, 9}, strides{1152, 147456};
  const std::array<cuuint32_t, 3> box{64, 128, 1};
  expect_same(tile_map({kData, 576, 128, 1152}, 64, 128), encoded_tiles(2, sizes.data(), strides.data(), box.data()));
  expect_same(tile_map({kData, 576, 128, 1152, 9, 147456}, 64, 128),
              encoded_tiles(3, sizes.data(), strides.data(), box.data()));
}

TensorMap encoded_pixels(const std::array<int, 2>& lower, const std::array<int, 2>& upper) {
  constexpr std::array<cuuint64_t, 4> kSizes{100, 30, 20, 7};
  constexpr std::array<cuuint64_t, 3> kStrides{208, 208 * 30, 208 * 30 * 20};
  constexpr std::array<cuuint32_t, 4> kEvery{1, 1, 1, 1};
  TensorMap map{};
  EXPECT_EQ(cuTensorMapEncodeIm2col(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, const_cast<void*>(kData), kSizes.data(),
                                    kStrides.data(), lower.data(), upper.data(), 64, 128, kEvery.data(),
                                    CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                    CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
            CUDA_SUCCESS);
  return map;
}

// The bounding box has as many base pixels in a row as the convolution has results: width + upper - lower.
TEST(TensorMaps, OfPictures) {
  const auto map = [](int taps, int padding) {
    return pixel_map({kData, 7, 20, 30, 100, 208, taps, padding}, 64, 128);
  };
  expect_same(map(3, 1), encoded_pixels({-1, -1}, {-1, -1}));
  expect_same(map(3, 0), encoded_pixels({0, 0}, {-2, -2}));
  expect_same(map(3, 2), encoded_pixels({-2, -2}, {0, 0}));
  expect_same(map(1, 0), encoded_pixels({0, 0}, {0, 0}));
}

TEST(TensorMaps, RefusedByTheDriver) {
  const void* const odd = kMemory.data() + 8;
  EXPECT_THROW(tile_map({odd, 576, 128, 1152}, 64, 128), Error);
  EXPECT_THROW(tile_map({kData, 100, 128, 200}, 64, 128), Error);
  EXPECT_THROW(tile_map({kData, 576, 128, 1152}, 128, 128), Error);
  EXPECT_THROW(pixel_map({kData, 7, 20, 30, 100, 200, 3, 1}, 64, 128), Error);
  EXPECT_THROW(pixel_map({kData, 7, 20, 30, 100, 208, 3, 1}, 64, 2048), Error);
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
