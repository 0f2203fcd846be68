#include "shared_matrix.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>

#include "observer.h"
#include "report.h"
#include "shared_memory.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

constexpr std::size_t kChunk = 16, kPerChunk = 8;  // bytes and BF16 values

struct Descriptor {
  std::size_t start, leading, stride;  // bytes
  std::size_t width;                   // of a line, which is swizzled: 16 for none, 32, 64, 128
};

Descriptor decode(std::uint64_t bits, const char* factor, const Site& site) {
  const auto refuse = [&](const std::string& why) {
    finding("invalid matrix", fmt::format("{} of the product at {}: {}", factor, text(site), why));
  };
  const auto field = [bits](int low) { return static_cast<std::size_t>(bits >> low & 0x3fffu) * 16; };
  constexpr std::uint64_t kUsed =
      0x3fffu | std::uint64_t{0x3fffu} << 16 | std::uint64_t{0x3fffu} << 32 | std::uint64_t{3} << 62;
  if (bits & ~kUsed) refuse("bits of the descriptor are set that must be 0 (the base offset included)");
  constexpr std::array<std::size_t, 4> kWidths{16, 128, 64, 32};
  const Descriptor matrix{field(0), field(16), field(32), kWidths[bits >> 62]};
  // Otherwise it would need the base offset.
  if (matrix.width > 16 && matrix.start % (8 * matrix.width) >= matrix.width)
    refuse(fmt::format("{} is not in the first line of an atom of {} bytes, aligned to its size",
                       describe_shared(shared_at(matrix.start)), 8 * matrix.width));
  return matrix;
}

// Of eight neighbouring values, before the swizzle: of terms 8 c to 8 c + 7 of a line,
std::size_t chunk_along_sum(const Descriptor& matrix, std::size_t line, std::size_t c) {
  const std::size_t row = line / 8 * matrix.stride + line % 8 * matrix.width;
  return row + c * (matrix.width == 16 ? matrix.leading : kChunk);
}
// or of lines 8 c to 8 c + 7 of a term.
std::size_t chunk_along_side(const Descriptor& matrix, std::size_t term, std::size_t c) {
  if (matrix.width == 16) return c * matrix.stride + term / 8 * matrix.leading + term % 8 * kChunk;
  const std::size_t chunks = matrix.width / kChunk;
  return c / chunks * matrix.leading + c % chunks * kChunk + term / 8 * matrix.stride + term % 8 * matrix.width;
}

}  // namespace

void gather(std::uint64_t bits, Along along, const Gathered& to, unsigned (*reader)(unsigned group),
            unsigned first_thread, const char* factor, const Site& site) {
  const Descriptor matrix = decode(bits, factor, site);
  const char *array = nullptr, *array_end = nullptr;  // the shared array of the last chunk
  const auto read = [&](std::size_t chunk, unsigned group, float* values, unsigned pitch) {
    const std::size_t offset = matrix.start + chunk, swizzled = offset ^ (offset >> 3 & (matrix.width - kChunk));
    const char* const from = shared_at(swizzled);
    if (from < array || from + kChunk > array_end) {
      const std::size_t behind = in_own_shared_memory(from) ? shared_bytes_behind(from) : 0;
      if (behind < kChunk)
        finding("out of bounds",
                fmt::format("{} of the product at {} has values at {}", factor, text(site),
                            in_own_shared_memory(from) ? describe_shared(from) : "the end of shared memory"));
      array = from;
      array_end = from + behind;
    }
    if (observer) observer->async_read(first_thread + reader(group), site, from, kChunk);
    std::array<std::uint16_t, kPerChunk> halves;
    std::memcpy(halves.data(), from, kChunk);
    for (std::size_t i = 0; i < kPerChunk; ++i)
      values[i * pitch] = std::bit_cast<float>(static_cast<std::uint32_t>(halves[i]) << 16);
  };
  if (along == Along::sum) {
    for (unsigned line = 0; line < to.lines; ++line) {
      for (unsigned c = 0; c < kTerms / kPerChunk; ++c)
        read(chunk_along_sum(matrix, line, c), line / 8,
             to.values + line * to.line_pitch + c * kPerChunk * to.term_pitch, to.term_pitch);
    }
  } else {
    for (unsigned term = 0; term < kTerms; ++term) {
      for (unsigned c = 0; c < to.lines / kPerChunk; ++c)
        read(chunk_along_side(matrix, term, c), c, to.values + c * kPerChunk * to.line_pitch + term * to.term_pitch,
             to.line_pitch);
    }
  }
}

}  // namespace palimpsest::simt
