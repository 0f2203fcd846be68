#include "cuda/tensor_map.h"

#include <array>

#include "base/error.h"
#include "cuda/check.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

// A function of the driver's library, which is not linked: programs start without a driver.
void* driver_function(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  CUDA_CHECK(cudaGetDriverEntryPointByVersion(name, &function, 12000, cudaEnableDefault, &found));
  if (found != cudaDriverEntryPointSuccess || !function)
    throw Error(fmt::format("the GPU's driver has no function {}", name), "install a driver for CUDA 12 or newer");
  return function;
}

void check(CUresult result, const char* what) {
  if (result != CUDA_SUCCESS)
    throw Error(fmt::format("{} was refused by the driver, with error {}", what, static_cast<int>(result)),
                "report this, and use another tile (--convolution)");
}

}  // namespace

TensorMap tile_map(const Matrices& matrices, int box_values, int box_lines) {
  static auto* const encode =
      reinterpret_cast<decltype(&::cuTensorMapEncodeTiled)>(driver_function("cuTensorMapEncodeTiled"));
  const std::array<cuuint64_t, 3> sizes{matrices.values, matrices.lines, matrices.planes};
  const std::array<cuuint64_t, 2> distances{matrices.line_bytes, matrices.plane_bytes};
  const std::array<cuuint32_t, 3> box{static_cast<cuuint32_t>(box_values), static_cast<cuuint32_t>(box_lines), 1};
  const std::array<cuuint32_t, 3> every{1, 1, 1};
  TensorMap map{};
  check(encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, matrices.planes > 1 ? 3 : 2, const_cast<void*>(matrices.data),
               sizes.data(), distances.data(), box.data(), every.data(), CU_TENSOR_MAP_INTERLEAVE_NONE,
               CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
        "a map of a matrix");
  return map;
}

TensorMap pixel_map(const Pictures& pictures, int box_channels, int pixels) {
  static auto* const encode =
      reinterpret_cast<decltype(&::cuTensorMapEncodeIm2col)>(driver_function("cuTensorMapEncodeIm2col"));
  const auto size = [](int count) { return static_cast<cuuint64_t>(count); };
  const std::array<cuuint64_t, 4> sizes{size(pictures.channels), size(pictures.width), size(pictures.height),
                                        size(pictures.images)};
  const cuuint64_t row = pictures.pixel_bytes * size(pictures.width);
  const std::array<cuuint64_t, 3> distances{pictures.pixel_bytes, row, row * size(pictures.height)};
  // The corners of the base pixels' box, from the corners of the picture.
  const int lower = -pictures.padding, upper = pictures.padding - (pictures.taps - 1);
  const std::array<int, 2> lowers{lower, lower}, uppers{upper, upper};
  const std::array<cuuint32_t, 4> every{1, 1, 1, 1};
  TensorMap map{};
  check(encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, const_cast<void*>(pictures.data), sizes.data(),
               distances.data(), lowers.data(), uppers.data(), static_cast<cuuint32_t>(box_channels),
               static_cast<cuuint32_t>(pixels), every.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
               CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
        "a map of pictures");
  return map;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
