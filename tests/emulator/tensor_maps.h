#pragma once
// BF16 tensors and their maps for the tests of copies and products.
#include <cuda.h>
#include <cuda_bf16.h>

#include <array>
#include <cstddef>
#include <vector>

#include "simt/warpgroup.h"

// The first byte that a swizzle of 128 bytes may begin at.
inline char* aligned(char* memory) {
  return memory + (1024 - palimpsest::simt::shared_address(memory) % 1024) % 1024;
}

// Where byte `at` of an atom's line `line` is, swizzled.
inline unsigned swizzled(unsigned line, unsigned at) {
  return line * 128 + ((at / 16 ^ line % 8) * 16 | at % 16);
}

// Small integers, exact in BF16, which differ between neighbours in both directions.
inline int value_at(std::size_t i) {
  return int(i * 7 % 13) + int(i / 64 % 5) - 8;
}
inline std::vector<__nv_bfloat16> values(std::size_t count) {
  std::vector<__nv_bfloat16> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(__float2bfloat16(float(value_at(i))));
  return result;
}

// 64 rows of 256 values, of which the first row has -4, -3, -2, -1, 0 in turn.
inline std::vector<__nv_bfloat16> rows() {
  std::vector<__nv_bfloat16> values;
  for (int i = 0; i < 64 * 256; ++i) values.push_back(__float2bfloat16(float(i / 256 % 7 + i % 5 - 4)));
  return values;
}

// A matrix of lines without gaps; swizzled by 128 bytes unless another swizzle is given.
inline CUresult tiled(CUtensorMap& map, const void* data, std::size_t values, std::size_t lines, unsigned box_values,
                      unsigned box_lines, CUtensorMapSwizzle swizzle = CU_TENSOR_MAP_SWIZZLE_128B) {
  const std::array<cuuint64_t, 2> sizes{values, lines};
  const std::array<cuuint64_t, 1> strides{values * 2};
  const std::array<cuuint32_t, 2> box{box_values, box_lines}, every{1, 1};
  return cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, const_cast<void*>(data), sizes.data(),
                                strides.data(), box.data(), every.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle,
                                CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}

// Pictures for a convolution of taps x taps.
struct PictureShape {
  int images, height, width, channels, taps, padding;
};
inline CUresult pixels(CUtensorMap& map, const void* data, const PictureShape& of, unsigned channels, unsigned count) {
  const auto size = [](int value) { return static_cast<cuuint64_t>(value); };
  const std::array<cuuint64_t, 4> sizes{size(of.channels), size(of.width), size(of.height), size(of.images)};
  const std::array<cuuint64_t, 3> strides{2 * sizes[0], 2 * sizes[0] * sizes[1], 2 * sizes[0] * sizes[1] * sizes[2]};
  const std::array<int, 2> lower{-of.padding, -of.padding};
  const std::array<int, 2> upper{of.padding - of.taps + 1, of.padding - of.taps + 1};
  const std::array<cuuint32_t, 4> every{1, 1, 1, 1};
  return cuTensorMapEncodeIm2col(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, const_cast<void*>(data), sizes.data(),
                                 strides.data(), lower.data(), upper.data(), channels, count, every.data(),
                                 CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                 CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}
