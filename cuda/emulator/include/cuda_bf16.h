#pragma once
// bfloat16: the upper half of a float, rounded to nearest even; arithmetic in float, rounded after every operation.
#include <bit>
#include <cstdint>

#include "cuda_runtime.h"

struct __nv_bfloat16 {
  __nv_bfloat16() = default;
  __nv_bfloat16(float value) : bits_(round(value)) {}
  operator float() const { return std::bit_cast<float>(std::uint32_t{bits_} << 16); }

  static __nv_bfloat16 from_bits(unsigned short bits) {
    __nv_bfloat16 value;
    value.bits_ = bits;
    return value;
  }
  unsigned short bits() const { return bits_; }

  __nv_bfloat16& operator+=(__nv_bfloat16 other) { return *this = float{*this} + float{other}; }
  __nv_bfloat16& operator-=(__nv_bfloat16 other) { return *this = float{*this} - float{other}; }
  __nv_bfloat16& operator*=(__nv_bfloat16 other) { return *this = float{*this} * float{other}; }
  __nv_bfloat16& operator/=(__nv_bfloat16 other) { return *this = float{*this} / float{other}; }

 private:
  static std::uint16_t round(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;  // every NaN becomes this one
    return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
  }
  std::uint16_t bits_;
};
static_assert(sizeof(__nv_bfloat16) == 2 && alignof(__nv_bfloat16) == 2);

inline __nv_bfloat16 operator+(__nv_bfloat16 a, __nv_bfloat16 b) {
  return a += b;
}
inline __nv_bfloat16 operator-(__nv_bfloat16 a, __nv_bfloat16 b) {
  return a -= b;
}
inline __nv_bfloat16 operator*(__nv_bfloat16 a, __nv_bfloat16 b) {
  return a *= b;
}
inline __nv_bfloat16 operator/(__nv_bfloat16 a, __nv_bfloat16 b) {
  return a /= b;
}

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
inline __nv_bfloat16 __hadd(__nv_bfloat16 a, __nv_bfloat16 b) {
  return a + b;
}
inline __nv_bfloat16 __hmul(__nv_bfloat16 a, __nv_bfloat16 b) {
  return a * b;
}

struct alignas(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return {x, y};
}
inline __nv_bfloat162 __float22bfloat162_rn(float2 a) {
  return {a.x, a.y};
}
inline float2 __bfloat1622float2(__nv_bfloat162 a) {
  return {a.x, a.y};
}
inline float __low2float(__nv_bfloat162 a) {
  return a.x;
}
inline float __high2float(__nv_bfloat162 a) {
  return a.y;
}
