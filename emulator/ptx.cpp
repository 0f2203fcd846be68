// Tensor-core instructions: the fragments of a warp's lanes are combined, multiplied with float accumulation in the
// order of k, and distributed again. Real tensor cores add in another order and keep other bits; tolerances must allow
// for it.
#include "simt/ptx.h"

#include <fmt/format.h>

#include "block.h"
#include "observer.h"
#include "report.h"
#include "shared_memory.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

constexpr unsigned kFullWarp = 0xffffffffu;

void require_full_warp(const WarpCall& call) {
  if (call.lanes != kFullWarp) warp_finding(0, "wrong mask", "lacks lanes of the warp: it needs all", 32);
}

// Lane 8 i + r names row r of matrix i. Lane l receives of each matrix row l / 4, values 2 (l % 4) and 2 (l % 4) + 1;
// transposed, column l / 4 of these rows.
void resolve_rows(WarpCall& call) {
  require_full_warp(call);
  const auto lane_of = [&](unsigned lane) -> MatrixRows& { return *static_cast<MatrixRows*>(call.payload[lane]); };
  for (unsigned lane = 0; lane < 32; ++lane) {
    MatrixRows& own = lane_of(lane);
    if (own.transposed != lane_of(0).transposed)
      warp_finding(lane, "lanes disagree", "transposes otherwise than lane", 0);
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned first = own.transposed ? 2 * (lane % 4) : lane / 4;
      own.rows[i][0] = lane_of(8 * i + first).named;
      own.rows[i][1] = own.transposed ? lane_of(8 * i + first + 1).named : nullptr;
    }
  }
}

struct Tf32 {
  static constexpr unsigned kDepth = 8, kTogether = 1;  // terms of a product, and of a register
  // The hardware ignores the low 13 bits: a forgotten rounding appears as truncation.
  static float value(std::uint32_t bits, unsigned) { return std::bit_cast<float>(bits & ~0x1fffu); }
};
struct Bf16 {
  static constexpr unsigned kDepth = 16, kTogether = 2;
  static float value(std::uint32_t bits, unsigned i) { return std::bit_cast<float>(bits >> 16 * i << 16); }
};

// Lane 4 g + t holds of the left operand rows g (`upper`) and g + 8 (`lower`), of the right one column g: in register h
// the terms kTogether t + {0, kTogether - 1} of half h of the sum. Of the result it holds, in this order, columns 2 t
// and 2 t + 1 of row g, and of row g + 8.
template <class Format>
void resolve_multiply(WarpCall& call) {
  require_full_warp(call);
  constexpr unsigned kDepth = Format::kDepth, kTogether = Format::kTogether;
  float left[16][kDepth], right[kDepth][8], sum[16][8];
  for (unsigned lane = 0; lane < 32; ++lane) {
    const Multiply& own = *static_cast<const Multiply*>(call.payload[lane]);
    const unsigned g = lane / 4, t = lane % 4;
    for (unsigned half = 0; half < 2; ++half) {
      for (unsigned i = 0; i < kTogether; ++i) {
        const unsigned k = half * kDepth / 2 + kTogether * t + i;
        left[g][k] = Format::value(own.upper[half], i);
        left[g + 8][k] = Format::value(own.lower[half], i);
        right[k][g] = Format::value(own.right[half], i);
      }
    }
    for (unsigned e = 0; e < 4; ++e) sum[g + e / 2 * 8][2 * t + e % 2] = own.sum[e];
  }
  for (unsigned row = 0; row < 16; ++row) {
    for (unsigned k = 0; k < kDepth; ++k) {
      for (unsigned column = 0; column < 8; ++column) sum[row][column] += left[row][k] * right[k][column];
    }
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    const Multiply& own = *static_cast<const Multiply*>(call.payload[lane]);
    for (unsigned e = 0; e < 4; ++e) own.sum[e] = sum[lane / 4 + e / 2 * 8][2 * (lane % 4) + e % 2];
  }
}

}  // namespace

unsigned exchange_rows(const char* name, MatrixRows& lane, Site site) {
  const char* wrong = !in_own_shared_memory(lane.named) ? "the row is not in shared memory"
                      : reinterpret_cast<std::uintptr_t>(lane.named) % 16 != 0
                          ? "the row's address is not a multiple of 16 bytes"
                          : nullptr;
  if (wrong) {
    const EngineCall engine;
    finding("invalid matrix row", fmt::format("{} at {}: {}", name, text(site), wrong));
  }
  warp_collective(name, kFullWarp, resolve_rows, &lane, site);
  return linear_thread() % 32;
}

void multiply_tf32(const Multiply& lane, Site site) {
  warp_collective("mma.sync", kFullWarp, resolve_multiply<Tf32>, const_cast<Multiply*>(&lane), site);
}
void multiply_bf16(const Multiply& lane, Site site) {
  warp_collective("mma.sync", kFullWarp, resolve_multiply<Bf16>, const_cast<Multiply*>(&lane), site);
}

}  // namespace palimpsest::simt
