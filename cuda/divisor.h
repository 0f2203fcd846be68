#pragma once
#include <cstdint>

#include "cuda/language.h"

namespace palimpsest::PALIMPSEST_CUDA {

// n / d for 0 <= n < 2^31 by a multiplication: with l = ceil(log2 d) and m = ceil(2^(31+l) / d) < 2^32,
// floor(n m / 2^(31+l)) is exact (Granlund and Montgomery, "Division by invariant integers using multiplication",
// 1994). A d below 1, of an empty tensor, counts as 1.
struct Divisor {
  explicit Divisor(int d) : divisor(d > 1 ? d : 1) {
    d = divisor;
    while ((std::int64_t{1} << shift) < d) ++shift;
    multiplier = std::uint32_t(((std::uint64_t{1} << (31 + shift)) + std::uint64_t(d) - 1) / std::uint64_t(d));
    shift += 31;
  }
  __host__ __device__ int quotient(int n) const { return int((std::uint64_t(std::uint32_t(n)) * multiplier) >> shift); }
  __host__ __device__ int remainder(int n) const { return n - quotient(n) * divisor; }

  int divisor;
  std::uint32_t multiplier = 0;
  int shift = 0;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
