#include <cstdint>

#include "cuda/gemm/launch.cuh"
#include "tests/cuda_kernels/device_array.h"

// The sources' addresses in tensors of more than 2^31 elements. Only addresses are formed; the memory does not exist.
namespace palimpsest::PALIMPSEST_CUDA {
namespace {

using namespace gemm;

using Shape = TileOf<Precision::fp32, GemmTile::small>;
using Depth = OperandTile<Shape, Contiguous::depth, 32>;
using Outer = OperandTile<Shape, Contiguous::outer, 32>;
constexpr int kThreads = Shape::kThreads;
using DepthMap = ChunkMap<Depth, kThreads>;
using OuterMap = ChunkMap<Outer, kThreads>;

// Chunks of one thread of each source, as offsets in floats from the tensor's start; -1 if missing.
__global__ void offsets_kernel(Pixels pixels, ImplicitGemmShape shape, int row, Position at, long long* offsets) {
  const auto store = [&](int number, const auto& source, const Position& position) {
    const auto run = source.run(position);
    for (int i = 0; i < 2; ++i) {
      const bool exists = run.valid > 0 && (run.lines >> i & 1U) != 0;
      offsets[(number * 2 + i) * kThreads + int(threadIdx.x)] =
          exists ? run.from + source.offset(i) - pixels.data.values : -1;
    }
  };
  store(0, PixelLines<DepthMap, 1>(pixels, row), at);
  store(1, PixelLines<DepthMap, -1>(pixels, row), at);
  store(2, WeightLines<DepthMap>(shape, pixels.data, row), at);
  store(3, WeightColumns<OuterMap>(shape, pixels.data, 0), Position{at.tap, row, 0});
  store(4, GradientLines<OuterMap>(pixels, 0), Position{0, row, 0});
  store(5, ShiftedPixelLines<OuterMap>(pixels, 0), Position{0, row, 0});
}

TEST(GemmOffsets, HoldBeyondTwoToThe31Elements) {
  // 2^30 pixels of 64 channels, 2^24 outputs of 9 x 64 inputs; rows at the very end of both.
  const int width = 1 << 10, height = 1 << 10, images = 1 << 10, channels = 64;
  const ImplicitGemmShape shape{images, height, width, channels, 1 << 24, 9};
  for (const int row : {(1 << 30) - 32, (1 << 24) - 32}) {
    const DeviceArray<float> any(std::size_t{8});
    const DeviceArray<float> result(std::size_t{6 * 2 * kThreads * 2});
    const Pixels pixels = make_pixels(shape, any.get(), channels);
    const Position at{3, 32, 0};  // the tap to the left, channels 32 to 47
    auto* const offsets = reinterpret_cast<long long*>(result.get());
    CUDA_LAUNCH(offsets_kernel, dim3(1), dim3(kThreads), 0, nullptr, pixels, shape, row, at, offsets);
    CUDA_LAUNCH_CHECK();
    std::vector<long long> got(6 * 2 * kThreads);
    CUDA_CHECK(cudaDeviceSynchronize());
    CUDA_CHECK(cudaMemcpy(got.data(), offsets, got.size() * sizeof(long long), cudaMemcpyDeviceToHost));
    for (int i = 0; i < 2; ++i)
      for (int thread = 0; thread < kThreads; ++thread) {
        const auto offset = [&](int source) { return got[std::size_t((source * 2 + i) * kThreads + thread)]; };
        const std::int64_t line = row + thread / 4 + i * 16, column = at.first + thread % 4 * 4;
        EXPECT_EQ(offset(0), line % width == 0 ? -1 : (line - 1) * channels + column);
        EXPECT_EQ(offset(1), line % width == width - 1 ? -1 : (line + 1) * channels + column);
        EXPECT_EQ(offset(2), line < shape.outputs ? (line * 9 + at.tap) * channels + column : -1);
        const std::int64_t outer_line = row + thread / 8 + i * 8, outer_column = thread % 8 * 4;
        EXPECT_EQ(offset(3), outer_line < shape.outputs ? (outer_line * 9 + at.tap) * channels + outer_column : -1);
        EXPECT_EQ(offset(4), outer_line * channels + outer_column);
        // Column 0 is tap 0: one row up, one pixel left.
        const bool inside = outer_line / width % height > 0 && outer_line % width > 0;
        EXPECT_EQ(offset(5), inside ? (outer_line - width - 1) * channels + outer_column : -1);
      }
  }
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
