#pragma once
// Sixteen-bit floating point: arithmetic in float, rounded after every operation. A Format converts a float to
// its bits, with rounding, and back.
#include <cstdint>

namespace palimpsest::simt {

template <typename Format>
class SmallFloat {
 public:
  SmallFloat() = default;
  SmallFloat(float value) : bits_(Format::round(value)) {}
  operator float() const { return Format::widen(bits_); }

  static SmallFloat from_bits(unsigned short bits) {
    SmallFloat value;
    value.bits_ = bits;
    return value;
  }
  unsigned short bits() const { return bits_; }

  SmallFloat& operator+=(SmallFloat other) { return *this = float{*this} + float{other}; }
  SmallFloat& operator-=(SmallFloat other) { return *this = float{*this} - float{other}; }
  SmallFloat& operator*=(SmallFloat other) { return *this = float{*this} * float{other}; }
  SmallFloat& operator/=(SmallFloat other) { return *this = float{*this} / float{other}; }
  friend SmallFloat operator+(SmallFloat a, SmallFloat b) { return a += b; }
  friend SmallFloat operator-(SmallFloat a, SmallFloat b) { return a -= b; }
  friend SmallFloat operator*(SmallFloat a, SmallFloat b) { return a *= b; }
  friend SmallFloat operator/(SmallFloat a, SmallFloat b) { return a /= b; }

 private:
  std::uint16_t bits_;
};

template <typename Format>
struct alignas(4) SmallFloat2 {
  SmallFloat<Format> x, y;
};

}  // namespace palimpsest::simt

// CUDA's names that are the same for all of them.
template <typename Format>
palimpsest::simt::SmallFloat<Format> __hadd(palimpsest::simt::SmallFloat<Format> a,
                                            palimpsest::simt::SmallFloat<Format> b) {
  return a + b;
}
template <typename Format>
palimpsest::simt::SmallFloat<Format> __hmul(palimpsest::simt::SmallFloat<Format> a,
                                            palimpsest::simt::SmallFloat<Format> b) {
  return a * b;
}
template <typename Format>
float __low2float(palimpsest::simt::SmallFloat2<Format> a) {
  return a.x;
}
template <typename Format>
float __high2float(palimpsest::simt::SmallFloat2<Format> a) {
  return a.y;
}
