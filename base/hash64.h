#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace palimpsest {

// A 64-bit hash that detects accidental changes; eight bytes per step, not cryptographic. The result depends on how
// the bytes are divided into calls.
class Hash64 {
 public:
  Hash64& add(const void* data, std::size_t bytes) {
    const auto* at = static_cast<const unsigned char*>(data);
    for (; bytes >= 8; at += 8, bytes -= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, 8);
      mix(word);
    }
    std::uint64_t word = std::uint64_t{bytes} << 56;  // the length of the rest, so that zeros at the end count
    if (bytes != 0) std::memcpy(&word, at, bytes);    // `at` may be null if there are no bytes
    mix(word);
    return *this;
  }
  Hash64& add(std::string_view text) { return add(text.data(), text.size()); }
  template <typename Number>
  Hash64& add_number(Number number) {
    static_assert(std::is_arithmetic_v<Number>);
    return add(&number, sizeof number);
  }
  std::uint64_t value() const { return state_ ^ (state_ >> 29); }

 private:
  void mix(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9E3779B97F4A7C15;
    state_ ^= state_ >> 32;
  }
  std::uint64_t state_ = 0x243F6A8885A308D3;
};

}  // namespace palimpsest
