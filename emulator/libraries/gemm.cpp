#include "emulator/libraries/gemm.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace palimpsest::libraries {
namespace {

// A tile of kRows x kLanes sums stays in registers while k runs; packed panels of a and b feed it without strides.
constexpr std::int64_t kRows = 6, kLanes = 8, kDepth = 256, kColumns = 512;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Panels of `width` rows of `from`, depth after depth: to[(panel * depth + k) * width + i]. Rows past the end are
// zero; they only reach unused sums.
void pack(const Operand& from, std::int64_t rows, std::int64_t depth, std::int64_t width, Precision precision,
          std::vector<float>& to) {
  to.assign(round_up(rows, width) * depth, 0.0f);
  for (std::int64_t panel = 0; panel < rows; panel += width) {
    const std::int64_t count = std::min(width, rows - panel);
    for (std::int64_t k = 0; k < depth; ++k) {
      float* out = to.data() + panel * depth + k * width;
      const float* in = from.data + panel * from.row + k * from.column;
      for (std::int64_t i = 0; i < count; ++i) out[i] = rounded(in[i * from.row], precision);
    }
  }
}

void tile(std::int64_t depth, const float* a, const float* b, float (&sums)[kRows][kLanes]) {
  Lanes sum[kRows] = {};
  for (std::int64_t k = 0; k < depth; ++k, a += kRows, b += kLanes) {
    Lanes line;
    std::memcpy(&line, b, sizeof line);
#pragma GCC unroll 6
    for (std::int64_t i = 0; i < kRows; ++i) sum[i] += a[i] * line;
  }
#pragma GCC unroll 6
  for (std::int64_t i = 0; i < kRows; ++i) std::memcpy(sums[i], &sum[i], sizeof sum[i]);
}

// Adds one block of depth to c, whose columns are adjacent.
void multiply_block(std::int64_t m, std::int64_t n, std::int64_t depth, float alpha, const std::vector<float>& a,
                    const std::vector<float>& b, float* c, std::int64_t stride) {
  float sums[kRows][kLanes];
  for (std::int64_t j = 0; j < n; j += kLanes)
    for (std::int64_t i = 0; i < m; i += kRows) {
      tile(depth, a.data() + i * depth, b.data() + j * depth, sums);
      const std::int64_t rows = std::min(kRows, m - i), columns = std::min(kLanes, n - j);
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t s = 0; s < columns; ++s) c[(i + r) * stride + j + s] += alpha * sums[r][s];
    }
}

void scale(std::int64_t m, std::int64_t n, float beta, const Result& c) {
  if (beta == 1.0f) return;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      float& value = c.data[i * c.row + j * c.column];
      value = beta == 0.0f ? 0.0f : beta * value;
    }
}

// To the nearest value whose low `bits` of the mantissa are zero, ties to even. NaN and infinity are unchanged.
float rounded_to(float value, int bits) {
  const auto pattern = std::bit_cast<std::uint32_t>(value);
  if ((pattern & 0x7f800000u) == 0x7f800000u) return value;
  const std::uint32_t half = 1u << (bits - 1), odd = pattern >> bits & 1u;
  return std::bit_cast<float>((pattern + half - 1 + odd) & ~((1u << bits) - 1));
}

}  // namespace

float rounded(float value, Precision precision) {
  switch (precision) {
    case Precision::tf32:
      return rounded_to(value, 13);
    case Precision::bf16:
      return rounded_to(value, 16);
    case Precision::float32:
      break;
  }
  return value;
}

void multiply(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, const Operand& a, const Operand& b,
              float beta, const Result& c, Precision precision) {
  if (c.column != 1) {  // the transposed problem has adjacent columns
    multiply(n, m, k, alpha, b.transposed(), a.transposed(), beta, {c.data, c.column, c.row}, precision);
    return;
  }
  scale(m, n, beta, c);
  if (alpha == 0.0f) return;
  std::vector<float> packed_a, packed_b;
  for (std::int64_t begin = 0; begin < k; begin += kDepth) {
    const std::int64_t depth = std::min(kDepth, k - begin);
    pack({a.data + begin * a.column, a.row, a.column}, m, depth, kRows, precision, packed_a);
    for (std::int64_t j = 0; j < n; j += kColumns) {
      const std::int64_t columns = std::min(kColumns, n - j);
      pack({b.data + begin * b.row + j * b.column, b.column, b.row}, columns, depth, kLanes, precision, packed_b);
      multiply_block(m, columns, depth, alpha, packed_a, packed_b, c.data + j, c.row);
    }
  }
}

}  // namespace palimpsest::libraries
