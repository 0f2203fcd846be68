// Number formats, tensor-core products and asynchronous copies.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_pipeline.h>
#include <mma.h>

#include <cmath>

#include "emulator_test.h"

namespace {

namespace wmma = nvcuda::wmma;

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
  EXPECT_EQ(wmma::__float_to_tf32(1.0f + 0x1p-11f), 1.0f + 0x1p-10f);  // a tie
  EXPECT_EQ(wmma::__float_to_tf32(-1.0f - 0x1p-11f), -1.0f - 0x1p-10f);
  EXPECT_EQ(wmma::__float_to_tf32(1.0f + 0x1.ffep-12f), 1.0f);
  EXPECT_TRUE(std::isinf(wmma::__float_to_tf32(INFINITY)));
  EXPECT_TRUE(std::isnan(wmma::__float_to_tf32(NAN)));
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

template <typename Type, typename Storage, int depth, typename LayoutA, typename LayoutB>
__global__ void product(const Storage* a, const Storage* b, float* c, unsigned lda, unsigned ldb,
                        wmma::layout_t layout) {
  wmma::fragment<wmma::matrix_a, 16, 16, depth, Type, LayoutA> left;
  wmma::fragment<wmma::matrix_b, 16, 16, depth, Type, LayoutB> right;
  wmma::fragment<wmma::accumulator, 16, 16, depth, float> sum;
  wmma::load_matrix_sync(sum, c, 16, layout);
  wmma::load_matrix_sync(left, a, lda);
  wmma::load_matrix_sync(right, b, ldb);
  wmma::mma_sync(sum, left, right, sum);
  wmma::store_matrix_sync(c, sum, 16, layout);
}

// Small integers, exact in every format: each element of the product is checked, in all four layouts.
template <typename Type, typename Storage, int depth, typename LayoutA, typename LayoutB>
void check_product() {
  constexpr bool by_row_a = std::is_same_v<LayoutA, wmma::row_major>,
                 by_row_b = std::is_same_v<LayoutB, wmma::row_major>;
  const unsigned lda = (by_row_a ? depth : 16) + 8, ldb = (by_row_b ? 16 : depth) + 8;
  const auto left = [](int r, int k) { return (r * 7 + k * 3) % 11 - 5; };
  const auto right = [](int k, int c) { return (k * 5 + c * 2) % 9 - 4; };
  std::vector<Storage> a(24 * 24, Storage(0.0f)), b(24 * 24, Storage(0.0f));
  for (int i = 0; i < 16; ++i) {
    for (int k = 0; k < depth; ++k) {
      const auto at = [](int row, int column, bool by_row, unsigned ld) {
        return static_cast<unsigned>(by_row ? row : column) * ld + static_cast<unsigned>(by_row ? column : row);
      };
      a[at(i, k, by_row_a, lda)] = Storage(static_cast<float>(left(i, k)));
      b[at(k, i, by_row_b, ldb)] = Storage(static_cast<float>(right(k, i)));
    }
  }
  for (const wmma::layout_t layout : {wmma::mem_row_major, wmma::mem_col_major}) {
    Buffer<Storage> da(a), db(b);
    Buffer<float> dc(counting(256));
    CUDA_LAUNCH((product<Type, Storage, depth, LayoutA, LayoutB>), 1, 32, 0, nullptr, da.get(), db.get(), dc.get(), lda,
                ldb, layout);
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
    const auto c = dc.host();
    for (int row = 0; row < 16; ++row) {
      for (int column = 0; column < 16; ++column) {
        const int at = layout == wmma::mem_row_major ? row * 16 + column : column * 16 + row;
        int expected = at;
        for (int k = 0; k < depth; ++k) expected += left(row, k) * right(k, column);
        ASSERT_EQ(c[static_cast<std::size_t>(at)], expected) << row << " " << column;
      }
    }
  }
}
TEST(TensorCores, Tf32Products) {
  using wmma::col_major, wmma::row_major, wmma::precision::tf32;
  check_product<tf32, float, 8, row_major, row_major>();
  check_product<tf32, float, 8, row_major, col_major>();
  check_product<tf32, float, 8, col_major, row_major>();
  check_product<tf32, float, 8, col_major, col_major>();
}
TEST(TensorCores, Bfloat16Products) {
  using wmma::col_major, wmma::row_major;
  check_product<__nv_bfloat16, __nv_bfloat16, 16, row_major, row_major>();
  check_product<__nv_bfloat16, __nv_bfloat16, 16, row_major, col_major>();
  check_product<__nv_bfloat16, __nv_bfloat16, 16, col_major, row_major>();
  check_product<__nv_bfloat16, __nv_bfloat16, 16, col_major, col_major>();
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
