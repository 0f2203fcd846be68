#pragma once
// What the race detector remembers of each word of shared, device and pinned memory.
#include <cstddef>
#include <cstdint>

namespace palimpsest::simt {

constexpr std::uint32_t kUndefined = 0;  // nobody wrote it
constexpr std::uint32_t kByHost = 1;     // a copy or a library call did
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

// A cell for each word; for words of which a part was accessed alone, four more, one for each byte.
Cell* word_cell(std::size_t offset);  // offset from the region's start
Cell* byte_cell(std::size_t offset);
// Whether the word is kept by bytes, and the change to that (its history goes to all four).
bool is_split(std::size_t offset);
void split(std::size_t offset);
void unsplit(std::size_t offset);

}  // namespace palimpsest::simt
