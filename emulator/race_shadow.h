#pragma once
// The race detector's record of each word of shared, device and pinned memory.
#include <array>
#include <cstddef>
#include <cstdint>

namespace palimpsest::simt {

constexpr std::uint32_t kUndefined = 0;  // never written
constexpr std::uint32_t kByHost = 1;     // written by a copy or a library call
constexpr std::uint32_t kFirstSegment = 2;

constexpr unsigned kClockBits = 22;

struct Trace {
  std::uint32_t segment;                   // interval between two barriers of one block
  std::uint32_t thread : 32 - kClockBits;  // within the block
  std::uint32_t clock : kClockBits;        // of the thread, within the segment (race_clocks.h)
  std::uint32_t code;                      // offset of the instruction in its object, or the number of a site
};

struct Cell {
  Trace write;
  Trace read;           // the last one
  std::uint32_t lanes;  // of the reader's warp that have read in this segment
  bool atomic : 1;      // the write
  bool async : 1;       // the write is a copy's
  bool many_warps;      // have read in this segment
  bool other_blocks;    // have read in this launch
  bool forbidden;
};
static_assert(sizeof(Cell) == 32);

// Of a cell of shared memory that several warps have read in this segment: each warp's last clock, and lanes.
struct Readers {
  std::array<std::uint32_t, 32> clock, lanes;
};
Readers& readers(std::size_t offset);

// A cell per word; for partially accessed words four more, one per byte.
Cell* word_cell(std::size_t offset);  // offset from the region's start
Cell* byte_cell(std::size_t offset);
// Whether the word is split into bytes, and the split (its history goes to all four).
bool is_split(std::size_t offset);
void split(std::size_t offset);
void unsplit(std::size_t offset);

}  // namespace palimpsest::simt
