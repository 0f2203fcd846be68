#pragma once
// The race detector's record of each word of shared, device and pinned memory.
#include <cstddef>
#include <cstdint>

namespace palimpsest::simt {

constexpr std::uint32_t kUndefined = 0;  // never written
constexpr std::uint32_t kByHost = 1;     // written by a copy or a library call
constexpr std::uint32_t kFirstSegment = 2;

struct Trace {
  std::uint32_t segment;  // interval between two barriers of one block
  std::uint16_t thread;   // within the block
  std::uint16_t clock;    // of its warp: counts warp operations within the segment
  std::uint32_t code;     // offset of the instruction in its object
};

struct Cell {
  Trace write;
  Trace read;           // the last one
  std::uint32_t lanes;  // of the reader's warp that have read in this segment
  bool atomic;          // the write
  bool many_warps;      // have read in this segment
  bool other_blocks;    // have read in this launch
  bool forbidden;
};
static_assert(sizeof(Cell) == 32);

// A cell per word; for partially accessed words four more, one per byte.
Cell* word_cell(std::size_t offset);  // offset from the region's start
Cell* byte_cell(std::size_t offset);
// Whether the word is split into bytes, and the split (its history goes to all four).
bool is_split(std::size_t offset);
void split(std::size_t offset);
void unsplit(std::size_t offset);

}  // namespace palimpsest::simt
