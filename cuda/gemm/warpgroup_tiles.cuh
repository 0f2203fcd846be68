#pragma once
#include "cuda/divisor.h"
#include "cuda/language.h"
#include "cuda/tensor_map.h"

// How the products of Hopper's warpgroups are divided: into items of a tile and a part of its sum, items among blocks
// that stay, and a step of the sum into what two warpgroups multiply.
namespace palimpsest::PALIMPSEST_CUDA::hopper {

inline constexpr int kWarpgroup = 128;  // threads
inline constexpr int kConsumers = 2;    // warpgroups that multiply; the one behind them copies, one more may write
inline constexpr int kConsumerThreads = kConsumers * kWarpgroup;

// 64 rows for each consumer, all of the columns; 64 terms of the sum at a time, of which a line of 128 bytes holds 64
// of whatever lies side by side in memory. A side that lies across lines is stored in boxes of 64 terms by 64.
inline constexpr int kLine = 64;  // values
inline constexpr int kRows = kConsumers * kLine, kDepth = kLine;
inline constexpr int kBoxBytes = kLine * kLine * 2;
// A factor of ones, 8 columns: multiplied by it, rows of the left factor are added up.
inline constexpr int kOnesColumns = 8, kOnesBytes = kOnesColumns * kLine * 2;

template <int COLUMNS>
struct Tile {
  static constexpr int kColumns = COLUMNS;
  static constexpr int kLeftBytes = kRows / kLine * kBoxBytes, kRightBytes = COLUMNS / kLine * kBoxBytes;
  static constexpr int kStageBytes = kLeftBytes + kRightBytes;
  // Up to 128 columns: a warpgroup of its own writes a tile's results while the next one is multiplied. Consumers leave
  // them on a board, whose pitch makes writes of two values meet each bank twice, the least. Else each consumer's warp
  // passes 16 rows through a patch of its own, 32 columns at a time: neighbouring lanes then write neighbouring values.
  static constexpr bool kHasWriters = COLUMNS <= 128;
  static constexpr int kWarpRows = 16;  // of a consumer's warp
  static constexpr int kPatchColumns = kHasWriters ? COLUMNS : 32, kPatchPitch = kPatchColumns + 8;
  static constexpr int kPatchBytes = kWarpRows * kPatchPitch * 4;  // of each consumer's warp, on the board too
  static constexpr int kBoardBytes = kConsumerThreads / 32 * kPatchBytes;
  static constexpr int kStages = (212 * 1024 - kBoardBytes) / kStageBytes;  // 4, 4, 4, 7
  static constexpr int kAlignment = 1024;  // of the stages and ones: the swizzle is by address
  static constexpr int kDynamicBytes = kStages * kStageBytes + kOnesBytes + kBoardBytes + kAlignment;
  static constexpr int kThreads = kConsumerThreads + (kHasWriters ? 2 : 1) * kWarpgroup;
  // Of a thread: together those for which the kernel is launched, 128 or 168. One thread copies, a consumer holds half
  // a tile.
  static constexpr int kProducerRegisters = 40, kWriterRegisters = 232, kConsumerRegisters = kHasWriters ? 112 : 232;
};

// Rows, columns and steps of the whole product; `depth` terms of the sum for each tap, steps of 64 of them.
struct Problem {
  int rows, columns;
  int row_tiles, column_tiles, parts, steps;
  int together;  // blocks of a cluster, 1 or 2, which have neighbouring rows of the same columns; row_tiles is a
                 // multiple
  int taps, inputs, outputs, height, width;
  Divisor by_width, by_height;
  float* partials;  // null: one part
  float* row_sums;  // of the left factor, `rows` for each part; null: not computed

  // Of a block of each cluster: tiles, and parts of them.
  __host__ __device__ int tiles() const { return row_tiles / together * column_tiles; }
  __host__ __device__ int items() const { return tiles() * parts; }
};

struct Maps {
  TensorMap left, right;
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
