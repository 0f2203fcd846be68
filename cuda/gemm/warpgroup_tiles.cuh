#pragma once
#include "cuda/divisor.h"
#include "cuda/language.h"
#include "cuda/tensor_map.h"

// How the products of Hopper's warpgroups are divided: into items of a tile and a part of its sum, items among blocks
// that stay, and a step of the sum into what two warpgroups multiply.
namespace palimpsest::PALIMPSEST_CUDA::hopper {

inline constexpr int kWarpgroup = 128;  // threads
inline constexpr int kConsumers = 2;    // warpgroups that multiply; the one behind them copies
inline constexpr int kConsumerThreads = kConsumers * kWarpgroup;
inline constexpr int kBlockThreads = kConsumerThreads + kWarpgroup;
// Of a thread: together the 168 for which the kernel is launched. One thread copies, a consumer holds half a tile.
inline constexpr int kProducerRegisters = 24, kConsumerRegisters = 240;

// 64 rows for each consumer, all of the columns; 64 terms of the sum at a time, of which a line of 128 bytes holds 64
// of whatever lies side by side in memory. A side that lies across lines is stored in boxes of 64 terms by 64.
inline constexpr int kLine = 64;  // values
inline constexpr int kRows = kConsumers * kLine, kDepth = kLine;
inline constexpr int kBoxBytes = kLine * kLine * 2;

template <int COLUMNS>
struct Tile {
  static constexpr int kColumns = COLUMNS;
  static constexpr int kLeftBytes = kRows / kLine * kBoxBytes, kRightBytes = COLUMNS / kLine * kBoxBytes;
  static constexpr int kStageBytes = kLeftBytes + kRightBytes;
  static constexpr int kStages = 192 * 1024 / kStageBytes;  // 4, 6, 8
  // Each consumer's warp passes 16 rows of results through a patch, 32 columns at a time: neighbouring lanes then write
  // neighbouring values. With this pitch writes of two values and reads of four meet each bank once.
  static constexpr int kPatchColumns = 32, kPatchPitch = kPatchColumns + 8;
  static constexpr int kPatchBytes = 16 * kPatchPitch * 4;
  static constexpr int kAlignment = 1024;  // of the stages: the swizzle is by address
  static constexpr int kDynamicBytes = kStages * kStageBytes + kConsumerThreads / 32 * kPatchBytes + kAlignment;
};

// Rows, columns and steps of the whole product; `depth` terms of the sum for each tap, steps of 64 of them.
struct Problem {
  int rows, columns;
  int row_tiles, column_tiles, parts, steps;
  int taps, inputs, outputs, height, width;
  Divisor by_width, by_height;
  float* partials;  // null: one part

  __host__ __device__ int tiles() const { return row_tiles * column_tiles; }
};

struct Maps {
  TensorMap left, right;
};

// A tile and a part of its sum. Items of one row of tiles are neighbours: blocks that run at once share the rows'
// pixels in L2, and the weights.
template <class Tile>
struct Item {
  __device__ Item(const Problem& problem, int index)
      : part(index / problem.tiles()),
        tile(index - part * problem.tiles()),
        row(tile / problem.column_tiles * kRows),
        column(tile % problem.column_tiles * Tile::kColumns),
        first(int(std::int64_t{problem.steps} * part / problem.parts)),
        last(int(std::int64_t{problem.steps} * (part + 1) / problem.parts)) {}
  int part, tile, row, column;
  int first, last;  // steps of the sum
};

// The stage of a step, and the parity of its barriers' phase.
template <int STAGES>
struct Turn {
  int stage = 0;
  unsigned phase = 0;
  __device__ void next() {
    if (++stage < STAGES) return;
    stage = 0;
    phase ^= 1U;
  }
};

}  // namespace palimpsest::PALIMPSEST_CUDA::hopper
