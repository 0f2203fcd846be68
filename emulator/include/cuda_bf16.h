#pragma once
// bfloat16: the upper half of a float, rounded to nearest even.
#include <bit>

#include "cuda_runtime.h"
#include "simt/small_float.h"

namespace palimpsest::simt {

struct Bfloat16Format {
  static std::uint16_t round(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;  // every NaN becomes this one
    return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
  }
  static float widen(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

}  // namespace palimpsest::simt

using __nv_bfloat16 = palimpsest::simt::SmallFloat<palimpsest::simt::Bfloat16Format>;
using __nv_bfloat162 = palimpsest::simt::SmallFloat2<palimpsest::simt::Bfloat16Format>;
static_assert(sizeof(__nv_bfloat16) == 2 && alignof(__nv_bfloat16) == 2);

inline __nv_bfloat16 __float2bfloat16(float a) {
  return a;
}
inline __nv_bfloat16 __float2bfloat16_rn(float a) {
  return a;
}
inline float __bfloat162float(__nv_bfloat16 a) {
  return a;
}
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 a) {
  return a.bits();
}
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
  return __nv_bfloat16::from_bits(bits);
}
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return {x, y};
}
inline __nv_bfloat162 __float22bfloat162_rn(float2 a) {
  return {a.x, a.y};
}
inline float2 __bfloat1622float2(__nv_bfloat162 a) {
  return {a.x, a.y};
}
