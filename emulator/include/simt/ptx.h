#pragma once
// PTX instructions for tensor cores as functions: mma.sync, ldmatrix and cvt.rna.tf32, with the lanes' layouts of the
// PTX ISA ("Warp-level matrix instructions"). cuda/tensor_core.h has their documentation, and the real ones.
#include <bit>

#include "simt/threads.h"

namespace palimpsest::simt {

using Word __attribute__((may_alias)) = std::uint32_t;
using HalfWord __attribute__((may_alias)) = std::uint16_t;

// In: the row of eight 16-bit values that this lane names. Out: of each matrix, the row that holds this lane's values;
// transposed, both rows.
struct MatrixRows {
  const void* named;
  bool transposed;
  const void* rows[4][2];
};
// Checks the row's address, and returns the lane's number. All lanes of the warp must call.
unsigned exchange_rows(const char* name, MatrixRows& lane, Site site);

// The lane reads its own values, in instrumented code, so that the checks see whose reads they are.
inline void load_matrices(std::uint32_t (&to)[4], const void* row, Site site = Site::current()) {
  MatrixRows lane{row, false, {}};
  const unsigned t = exchange_rows("ldmatrix", lane, site) % 4;
  for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<const Word*>(lane.rows[i][0])[t];
}
inline void load_matrices_transposed(std::uint32_t (&to)[4], const void* row, Site site = Site::current()) {
  MatrixRows lane{row, true, {}};
  const unsigned column = exchange_rows("ldmatrix.trans", lane, site) / 4;
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t low = static_cast<const HalfWord*>(lane.rows[i][0])[column];
    const std::uint32_t high = static_cast<const HalfWord*>(lane.rows[i][1])[column];
    to[i] = low | high << 16;
  }
}

struct Multiply {
  float* sum;
  const std::uint32_t *upper, *lower, *right;
};
// All lanes of the warp must call.
void multiply_tf32(const Multiply& lane, Site site);
void multiply_bf16(const Multiply& lane, Site site);

inline void mma_tf32(float (&sum)[4], const std::uint32_t (&upper)[2], const std::uint32_t (&lower)[2],
                     const std::uint32_t (&right)[2], Site site = Site::current()) {
  multiply_tf32({sum, upper, lower, right}, site);
}
inline void mma_bf16(float (&sum)[4], const std::uint32_t (&upper)[2], const std::uint32_t (&lower)[2],
                     const std::uint32_t (&right)[2], Site site = Site::current()) {
  multiply_bf16({sum, upper, lower, right}, site);
}

// cvt.rna: to nearest, ties away from zero, 10 bits of mantissa.
inline std::uint32_t to_tf32(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7f800000u) == 0x7f800000u) return bits;
  return (bits + 0x1000u) & ~0x1fffu;
}

}  // namespace palimpsest::simt
