#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

namespace palimpsest {

// IEEE half precision, by the definition: sign, 5 bits of exponent (bias 15), 10 bits of fraction.
inline float from_half(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t(half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1FU, fraction = half & 0x3FFU;
  if (exponent == 0) return std::ldexp(sign ? -float(fraction) : float(fraction), -24);
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

}  // namespace palimpsest
