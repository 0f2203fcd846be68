#pragma once
// IEEE half precision, rounded to nearest even.
#include <bit>

#include "cuda_runtime.h"
#include "simt/small_float.h"

namespace palimpsest::simt {

struct HalfFormat {
  static std::uint16_t round(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value), sign = bits >> 16 & 0x8000u;
    std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return 0x7fff;                                       // NaN
    if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);  // from 65520: infinity
    if (magnitude < 0x38800000u) {
      // Subnormal: 0.5 has the same unit in the last place, 2^-24, so that the sum rounds as needed.
      const float sum = std::bit_cast<float>(magnitude) + 0.5f;
      return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(sum) - 0x3f000000u));
    }
    magnitude += 0xc8000fffu + (magnitude >> 13 & 1u);  // exponent bias 127 -> 15, and half of the last place
    return static_cast<std::uint16_t>(sign | magnitude >> 13);
  }
  static float widen(std::uint16_t bits) {
    // Shifted into place the exponent is 112 too small; a product corrects this, also for subnormals.
    const std::uint32_t magnitude = (bits & 0x7fffu) << 13;
    float value = std::bit_cast<float>(magnitude) * 0x1p112f;
    if (magnitude >= 0x0f800000u) value = std::bit_cast<float>(magnitude | 0x7f800000u);  // infinity, NaN
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | (bits & 0x8000u) << 16);
  }
};

}  // namespace palimpsest::simt

using __half = palimpsest::simt::SmallFloat<palimpsest::simt::HalfFormat>;
using half = __half;
using __half2 = palimpsest::simt::SmallFloat2<palimpsest::simt::HalfFormat>;
using half2 = __half2;
static_assert(sizeof(__half) == 2 && alignof(__half) == 2);

inline __half __float2half(float a) {
  return a;
}
inline __half __float2half_rn(float a) {
  return a;
}
inline float __half2float(__half a) {
  return a;
}
inline unsigned short __half_as_ushort(__half a) {
  return a.bits();
}
inline __half __ushort_as_half(unsigned short bits) {
  return __half::from_bits(bits);
}
inline __half2 __floats2half2_rn(float x, float y) {
  return {x, y};
}
inline __half2 __float22half2_rn(float2 a) {
  return {a.x, a.y};
}
inline float2 __half22float2(__half2 a) {
  return {a.x, a.y};
}
