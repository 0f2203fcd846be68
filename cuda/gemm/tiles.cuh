#pragma once
#include <cuda_bf16.h>

#include <cstdint>
#include <type_traits>

#include "cuda/conv2d_implicit_gemm.h"

// How a matrix product is divided among thread blocks, warps and threads, and how its operands are laid out in shared
// memory.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

// TF32, BF16 and copies that bypass the registers came with compute capability 8.0.
#if PALIMPSEST_ARCH >= 800
inline constexpr bool kHasTensorCores = true;
#else
inline constexpr bool kHasTensorCores = false;
#endif

// Values of the operands in shared memory.
template <Precision PRECISION>
using Staged = std::conditional_t<PRECISION == Precision::bf16, __nv_bfloat16, float>;

// One thread block computes kRows x kColumns of the product, kDepth terms of the sum at a time. UNITS_M x UNITS_N is
// the grid of units of work: single threads for fp32, warps for tensor cores.
template <Precision PRECISION, int ROWS, int COLUMNS, int DEPTH, int UNITS_M, int UNITS_N, int BLOCKS_PER_SM,
          int STAGES = 2>
struct TileShape {
  static constexpr Precision kPrecision = PRECISION;
  static constexpr bool kSimt = PRECISION == Precision::fp32;
  static constexpr int kRows = ROWS, kColumns = COLUMNS, kDepth = DEPTH;
  static constexpr int kUnitsM = UNITS_M, kUnitsN = UNITS_N;
  static constexpr int kStages = STAGES;  // tiles in shared memory: one is multiplied while the others are filled
  static constexpr int kThreads = UNITS_M * UNITS_N * (kSimt ? 1 : 32);
  // With tensor cores, in dynamic shared memory. A warp's results go through a patch of it, kPatchRows at a time.
  static constexpr int kDynamicBytes = kSimt ? 0 : STAGES * (ROWS + COLUMNS) * DEPTH * int(sizeof(Staged<PRECISION>));
  static constexpr int kWarpRows = ROWS / UNITS_M, kWarpColumns = COLUMNS / UNITS_N, kPatchPitch = kWarpColumns + 8;
  static constexpr int kPatchRowBytes = kThreads / 32 * kPatchPitch * int(sizeof(float));
  static constexpr int kPatchRows = kWarpRows >= 32 && 32 * kPatchRowBytes <= kDynamicBytes ? 32 : 16;
  static_assert(kSimt || kPatchRows * kPatchRowBytes <= kDynamicBytes);
  // The register budget. Without asynchronous copies registers also hold the next tile.
  static constexpr int kBlocksPerSm = kHasTensorCores || BLOCKS_PER_SM == 1 ? BLOCKS_PER_SM : BLOCKS_PER_SM - 1;
};

// fp32: 8 x 8 results per thread, so that 64 multiplications share 16 values read from shared memory; the depth is 64
// bytes of each row (32 for `tall`, for the first layer with its 8 channels).
//
// Tensor cores: 64 x 64 results per warp where the tile has them; of a smaller share a warp reads, and in TF32 rounds,
// more factors for each product. The depth is 64 bytes of each row, and there are as many stages as leave room for two
// blocks in 100 KiB (compute capability 8.9). BF16 halves the bytes for each product, which L2 limits on an H100.
// bench/predictions.md has times.
template <Precision PRECISION, GemmTile TILE>
struct TileOf;
template <>
struct TileOf<Precision::fp32, GemmTile::large> : TileShape<Precision::fp32, 128, 128, 16, 16, 16, 2> {};
template <>
struct TileOf<Precision::fp32, GemmTile::tall> : TileShape<Precision::fp32, 128, 64, 8, 16, 8, 4> {};
template <>
struct TileOf<Precision::fp32, GemmTile::square> : TileShape<Precision::fp32, 64, 64, 16, 16, 8, 6> {};
template <>
struct TileOf<Precision::fp32, GemmTile::small> : TileShape<Precision::fp32, 32, 32, 16, 8, 8, 8> {};
template <>
struct TileOf<Precision::fp32, GemmTile::narrow> : TileShape<Precision::fp32, 128, 16, 16, 32, 4, 4> {};
template <>
struct TileOf<Precision::tf32, GemmTile::large> : TileShape<Precision::tf32, 128, 128, 16, 2, 2, 2, 3> {};
template <>
struct TileOf<Precision::tf32, GemmTile::tall> : TileShape<Precision::tf32, 128, 64, 16, 2, 1, 4, 4> {};
template <>
struct TileOf<Precision::tf32, GemmTile::square> : TileShape<Precision::tf32, 64, 64, 16, 1, 2, 4, 4> {};
template <>
struct TileOf<Precision::tf32, GemmTile::small> : TileShape<Precision::tf32, 32, 32, 16, 2, 1, 8, 4> {};
template <>
struct TileOf<Precision::tf32, GemmTile::narrow> : TileShape<Precision::tf32, 128, 16, 16, 4, 1, 4, 4> {};
template <>
struct TileOf<Precision::bf16, GemmTile::large> : TileShape<Precision::bf16, 128, 128, 32, 2, 2, 2, 3> {};
template <>
struct TileOf<Precision::bf16, GemmTile::tall> : TileShape<Precision::bf16, 128, 64, 32, 2, 1, 4, 4> {};
template <>
struct TileOf<Precision::bf16, GemmTile::square> : TileShape<Precision::bf16, 64, 64, 32, 1, 2, 4, 4> {};
template <>
struct TileOf<Precision::bf16, GemmTile::small> : TileShape<Precision::bf16, 32, 32, 32, 2, 1, 8, 4> {};
template <>
struct TileOf<Precision::bf16, GemmTile::narrow> : TileShape<Precision::bf16, 128, 16, 32, 4, 1, 4, 4> {};

// Which index is contiguous, in global memory and therefore also in shared memory: a 16-byte copy keeps its order.
// `depth`: an outer row has its terms of the sum contiguous (pixels by channels). `outer`: the terms are rows, and the
// outer indices are contiguous.
enum class Contiguous : std::uint8_t { depth, outer };

// One operand's tile in shared memory: lines of contiguous values, arranged so that a warp's simultaneous accesses fall
// into different banks.
//
// fp32: lines are padded by 16 bytes, so that eight consecutive ones start in eight different groups of four banks
// (`depth`), or by 8 values (`outer`, of which threads read consecutive float4 anyway).
//
// Tensor cores: no padding; within each row of 128 bytes, which has all 32 banks, the order of the eight 16-byte units
// is permuted: unit u of the k-th row is at u XOR k. A line shorter than 128 bytes shares its row with others.
// - ldmatrix reads one unit of each of eight consecutive lines. Lines of 128 bytes are eight rows, with eight k;
//   shorter ones are different units of fewer rows, whose k differ in the bits in which those units agree.
// - TF32 `outer`: eight lanes read two adjacent units of four consecutive lines, so that k counts twice there.
// - Copies write all units of a row together, or half units of half a row.
// tests/cuda_kernels/tile_banks_test.cu counts.
template <class Shape, Contiguous ORDER, int OUTER>
struct OperandTile {
  using Element = Staged<Shape::kPrecision>;
  static constexpr Contiguous kOrder = ORDER;
  static constexpr int kLines = ORDER == Contiguous::depth ? OUTER : Shape::kDepth;
  static constexpr int kLength = ORDER == Contiguous::depth ? Shape::kDepth : OUTER;
  static constexpr int kUnit = 16 / int(sizeof(Element)), kRow = 8 * kUnit;  // values
  static constexpr int kPad = Shape::kSimt ? (ORDER == Contiguous::depth ? kUnit : 8) : 0;
  static constexpr int kPitch = kLength + kPad;
  static constexpr int kStages = Shape::kStages, kValues = kLines * kPitch;
  static constexpr int kBytes = kStages * kValues * int(sizeof(Element));

  // Where a value is, counted in values.
  __host__ __device__ static constexpr int offset(int line, int column) {
    return (line * kPitch + column) ^ permutation(line);
  }
  // offset(line + lines, column + columns), if at = offset(line, column), `columns` are whole units that no carry
  // meets, and `lines` are a multiple of 4 rows.
  __host__ __device__ static constexpr int moved(int at, int lines, int columns) {
    const int by = lines * kPitch + columns;
    if (Shape::kSimt) return at + by;
    return (at ^ (by % kRow ^ permutation(lines))) + by / kRow * kRow;
  }

 private:
  static constexpr int kLinesPerRow = kLength < kRow ? kRow / kLength : 1;
  static constexpr int kStep = ORDER == Contiguous::outer && sizeof(Element) == 4 ? 2 : 1;
  __host__ __device__ static constexpr int permutation(int line) {
    return Shape::kSimt ? 0 : line / kLinesPerRow * kStep % 8 * kUnit;
  }
};

// Unit of shared memory.
struct alignas(128) SharedLine {
  unsigned char bytes[128];
};

// Part `part` of `parts` of `total` steps: [first, first + count), with lengths that differ by at most one.
struct PartOfSteps {
  __device__ PartOfSteps(int total, int part, int parts)
      : first(int(std::int64_t{total} * part / parts)), count(int(std::int64_t{total} * (part + 1) / parts) - first) {}
  int first, count;
};

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
