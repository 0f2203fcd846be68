// Tensor-core products: one warp's fragments are combined, multiplied with float accumulation in the order of k, and
// distributed again. Real tensor cores add in another order and keep other bits; tolerances must allow for it.
#include "mma.h"

#include <fmt/format.h>

#include <cstring>

#include "block.h"
#include "observer.h"
#include "report.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

constexpr unsigned kFullWarp = 0xffffffffu;

struct Access {
  const void* address;
  unsigned leading;
};
void resolve_access(WarpCall& call) {
  const Access& first = *static_cast<const Access*>(call.payload[0]);
  for (unsigned lane = 1; lane < 32; ++lane) {
    const Access& own = *static_cast<const Access*>(call.payload[lane]);
    if (own.address != first.address || own.leading != first.leading)
      warp_finding(lane, "lanes disagree", "has another address or leading dimension than lane", 0);
  }
}

// TF32 operands lose their excess bits, which the hardware ignores: a forgotten __float_to_tf32 appears as truncation.
float operand(const float* x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, x, sizeof bits);
  return std::bit_cast<float>(bits & ~0x1fffu);
}
float operand(const __nv_bfloat16* x) {
  return *x;
}

template <typename T, unsigned kDepth>
void resolve_multiply(WarpCall& call) {
  if (call.lanes != kFullWarp) warp_finding(0, "wrong mask", "lacks lanes of the warp: mma_sync needs all", 32);
  constexpr unsigned kOperands = 16 * kDepth;
  float a[kOperands], b[kOperands], sum[256];
  for (unsigned lane = 0; lane < 32; ++lane) {
    const Multiply& own = *static_cast<const Multiply*>(call.payload[lane]);
    for (unsigned e = 0; e < kOperands / 32; ++e) {
      a[fragment_position(Fragment::A, lane, e, kOperands)] = operand(static_cast<const T*>(own.a) + e);
      b[fragment_position(Fragment::B, lane, e, kOperands)] = operand(static_cast<const T*>(own.b) + e);
    }
    for (unsigned e = 0; e < 8; ++e) sum[fragment_position(Fragment::Accumulator, lane, e, 256)] = own.c[e];
  }
  for (unsigned row = 0; row < 16; ++row) {
    for (unsigned k = 0; k < kDepth; ++k) {
      for (unsigned column = 0; column < 16; ++column)
        sum[row * 16 + column] += a[row * kDepth + k] * b[k * 16 + column];
    }
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    const Multiply& own = *static_cast<const Multiply*>(call.payload[lane]);
    for (unsigned e = 0; e < 8; ++e) own.d[e] = sum[fragment_position(Fragment::Accumulator, lane, e, 256)];
  }
}

}  // namespace

unsigned lane() {
  return linear_thread() % 32;
}

void matrix_access(const char* name, const void* address, unsigned leading, std::size_t element_bytes, Site site) {
  const char* wrong = reinterpret_cast<std::uintptr_t>(address) % 32 != 0 ? "the address is not a multiple of 32 bytes"
                      : leading * element_bytes % 16 != 0 ? "the leading dimension is not a multiple of 16 bytes"
                                                          : nullptr;
  if (wrong) {
    const EngineCall engine;
    finding("misaligned matrix", fmt::format("{} at {}: {}", name, text(site), wrong));
  }
  Access own{address, leading};
  warp_collective(name, kFullWarp, resolve_access, &own, site);
}

void multiply_tf32(const Multiply& own, Site site) {
  warp_collective("mma_sync", kFullWarp, resolve_multiply<float, 8>, const_cast<Multiply*>(&own), site);
}
void multiply_bf16(const Multiply& own, Site site) {
  warp_collective("mma_sync", kFullWarp, resolve_multiply<__nv_bfloat16, 16>, const_cast<Multiply*>(&own), site);
}

}  // namespace palimpsest::simt
