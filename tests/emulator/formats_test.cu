// Number formats and asynchronous copies.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_pipeline.h>

#include <cmath>

#include "emulator_test.h"
#include "simt/ptx.h"

namespace {

// Nearest value of a format with `mantissa` explicit bits and smallest exponent `lowest`, ties to even, in double.
double nearest(double value, int mantissa, int lowest) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), lowest);
  const double unit = std::ldexp(1.0, exponent - mantissa);
  return std::nearbyint(value / unit) * unit;
}

// Floats at and beside every boundary of rounding: each 16-bit value, the midpoint above it, and their neighbours.
template <typename Visit>
void boundaries(const Visit& visit) {
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper) {
    for (const std::uint32_t lower : {0x0000u, 0x0001u, 0x1000u, 0x0fffu, 0x1001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
      visit(std::bit_cast<float>(upper << 16 | lower));
  }
}

TEST(Formats, HalfRoundsToNearestEven) {
  boundaries([](float value) {
    const float half = __half2float(__float2half(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(half));
      return;
    }
    double expected = nearest(value, 10, -14);
    if (std::abs(expected) > 65504) expected = std::copysign(INFINITY, value);
    ASSERT_EQ(half, expected) << value;
    ASSERT_EQ(std::signbit(half), std::signbit(value));
  });
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const __half value = __ushort_as_half(static_cast<unsigned short>(bits));
    if (std::isnan(float{value})) continue;
    ASSERT_EQ(__half_as_ushort(__float2half(value)), bits);
  }
}

TEST(Formats, Bfloat16RoundsToNearestEven) {
  boundaries([](float value) {
    const float rounded = __bfloat162float(__float2bfloat16_rn(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(rounded));
      return;
    }
    ASSERT_EQ(rounded, static_cast<float>(nearest(value, 7, -126))) << value;
  });
  EXPECT_EQ(float{__nv_bfloat16(1.0f) + __nv_bfloat16(0x1p-8f)}, 1.0f);  // rounds after every operation
}

TEST(Formats, Tf32RoundsToNearestAwayFromZero) {
  const auto rounded = [](float value) { return std::bit_cast<float>(palimpsest::simt::to_tf32(value)); };
  EXPECT_EQ(rounded(1.0f + 0x1p-11f), 1.0f + 0x1p-10f);  // a tie
  EXPECT_EQ(rounded(-1.0f - 0x1p-11f), -1.0f - 0x1p-10f);
  EXPECT_EQ(rounded(1.0f + 0x1.ffep-12f), 1.0f);
  EXPECT_TRUE(std::isinf(rounded(INFINITY)));
  EXPECT_TRUE(std::isnan(rounded(NAN)));
}

TEST(Maths, IntegerAndBitFunctions) {
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__popc(0xf0f0u), 8);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__brev(1u), 0x80000000u);
  EXPECT_EQ(__umulhi(0x80000000u, 6u), 3u);
  EXPECT_EQ(__mulhi(-1, 2), -1);
  EXPECT_EQ(__float2int_rn(2.5f), 2);
  EXPECT_EQ(__float_as_int(1.0f), 0x3f800000);
  EXPECT_EQ(max(3, -4), 3);
  EXPECT_EQ(fmaxf(NAN, 1.0f), 1.0f);
  EXPECT_EQ(rsqrtf(4.0f), 0.5f);
  EXPECT_EQ(__fmaf_rn(1.0f + 0x1p-12f, 1.0f + 0x1p-12f, -1.0f), 0x1p-11f + 0x1p-24f);  // one rounding
}

// Two stages in flight, the last one with its end zeroed: 6 of 16 bytes.
__global__ void copy_stages(const float* in, float* out) {
  SHARED_ARRAY(float4, tile, 64);
  for (unsigned stage = 0; stage < 2; ++stage) {
    __pipeline_memcpy_async(tile + stage * 32 + threadIdx.x, in + 4 * (stage * 32 + threadIdx.x), 16, stage * 6);
    __pipeline_commit();
  }
  __pipeline_wait_prior(1);
  out[threadIdx.x] = tile[threadIdx.x].w;
  __pipeline_wait_prior(0);
  out[32 + threadIdx.x] = tile[32 + threadIdx.x].w + tile[32 + threadIdx.x].y;
}
TEST(AsyncCopies, ArriveStageByStageWithTheirEndZeroed) {
  Buffer<float> in(counting(256)), out(64);
  CUDA_LAUNCH(copy_stages, 1, 32, 0, nullptr, in.get(), out.get());
  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  const auto values = out.host();
  for (std::size_t i = 0; i < 32; ++i) {
    EXPECT_EQ(values[i], static_cast<float>(4 * i + 3));
    EXPECT_EQ(values[32 + i], static_cast<float>(4 * (32 + i) + 1));  // w is zero
  }
}

}  // namespace
