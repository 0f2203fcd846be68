#pragma once
// What the emulator's encoding functions write into a CUtensorMap.
#include <array>
#include <cstddef>
#include <cstdint>

#include "cuda.h"

namespace palimpsest::simt {

struct TensorRecord {
  std::uint32_t mark;  // kTensorMap: the map was encoded
  std::uint8_t rank, value_bytes, swizzle_bytes;
  bool pixels;  // im2col; else tiled
  const char* data;
  std::array<std::uint32_t, 4> last;         // of each dimension, the innermost first: its size less one
  std::array<std::uint64_t, 3> strides;      // in bytes, of all but the innermost
  std::array<std::uint16_t, 4> box;          // of pixels: channels, and how many
  std::array<std::int16_t, 2> lower, upper;  // of pixels: the corners' offsets in width and height
};
constexpr std::uint32_t kTensorMap = 0x7e50a11bu;
static_assert(sizeof(TensorRecord) <= sizeof(CUtensorMap));

// A finding if the map was not encoded.
TensorRecord record_of(const CUtensorMap& map);

}  // namespace palimpsest::simt
