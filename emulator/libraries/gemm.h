#pragma once
#include <cstdint>

namespace palimpsest::libraries {

// The rounding of operands before multiplication, as in a tensor core: TF32 keeps 10 bits of the mantissa, BF16 7.
// Products are exact in float32 or rounded to it, sums are always float32.
enum class Precision : std::uint8_t { float32, tf32, bf16 };

float rounded(float value, Precision precision);

// Element (i, j) is at data[i * row + j * column], so that exchanging the strides transposes a matrix.
struct Operand {
  const float* data;
  std::int64_t row, column;
  Operand transposed() const { return {data, column, row}; }
};
struct Result {
  float* data;
  std::int64_t row, column;
  Operand read() const { return {data, row, column}; }
};

// c[i,j] = alpha * sum_k a[i,k] b[k,j] + beta * c[i,j], c of m rows and n columns. If beta is 0, c is not read, so
// that NaN in it does not survive. A sum runs in float32 over 256 values of k at a time, as a GPU's kernels sum over
// tiles: its rounding error grows with 256 + k / 256 rather than with k. The order is fixed: bitwise repeatable.
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, const Operand& a, const Operand& b,
              float beta, const Result& c, Precision precision);

}  // namespace palimpsest::libraries
