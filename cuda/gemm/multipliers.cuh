#pragma once
#include <mma.h>

#include "cuda/gemm/staging.cuh"

// The product of two tiles of shared memory, added to sums in registers.
namespace palimpsest::PALIMPSEST_CUDA::gemm {

template <class Shape, class Left, class Right, bool SIMT = Shape::kSimt>
class Multiplier;

// fp32, one thread per unit. Eight neighbouring lanes are along n and four along m, so that each read of shared memory
// is eight different rows, or one for all.
template <class Shape, class Left, class Right>
class Multiplier<Shape, Left, Right, true> {
 public:
  static constexpr int kM = Shape::kRows / Shape::kUnitsM, kN = Shape::kColumns / Shape::kUnitsN;
  static_assert(kM % 4 == 0 && kN % 4 == 0 && Shape::kDepth % 4 == 0, "everything is read by fours");
  static constexpr int kLanesN = Shape::kUnitsN < 8 ? Shape::kUnitsN : 8, kLanesM = 32 / kLanesN;
  static constexpr int kWarpsN = Shape::kUnitsN / kLanesN;
  // Terms of the sum per step: as many as both operands can read at once and 128 registers can hold.
  static constexpr int kSteps = Right::kOrder == Contiguous::depth ? 4 : Left::kOrder == Contiguous::depth ? 2 : 1;
  static constexpr int kWarpColumns = kN * kLanesN, kPatchPitch = kWarpColumns + 8;
  static_assert(Shape::kThreads / 32 * kLanesM * kPatchPitch * int(sizeof(float)) <= Left::kBytes,
                "patches reuse the left tiles");

  __device__ Multiplier() {
    const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
    m_ = warp / kWarpsN * kLanesM + lane / kLanesN;
    n_ = warp % kWarpsN * kLanesN + lane % kLanesN;
  }

  // Registers: kM * kN sums, kN * kSteps values of the right tile, and few of the left one at a time.
  __device__ __forceinline__ void multiply(const float* left, const float* right) {
    constexpr int kGroup = Left::kOrder == Contiguous::depth ? 1 : 4;
    [[maybe_unused]] constexpr int kUnroll = kSteps == 1 ? 2 : 1;  // unrolled further, it runs out of registers
#pragma unroll kUnroll
    for (int k = 0; k < Shape::kDepth; k += kSteps) {
      float b[kN][kSteps];
      read<Right, Shape::kUnitsN>(right, n_, 0, k, b);
#pragma unroll
      for (int i = 0; i < kM; i += kGroup) {
        float a[kGroup][kSteps];
        read<Left, Shape::kUnitsM>(left, m_, i, k, a);
#pragma unroll
        for (int row = 0; row < kGroup; ++row)
#pragma unroll
          for (int step = 0; step < kSteps; ++step)
#pragma unroll
            for (int j = 0; j < kN; ++j) sum_[i + row][j] += a[row][step] * b[j][step];
      }
    }
  }

  // visit(row, column, sum) for each result of this warp. A loop cannot index registers, and an epilogue unrolled kM *
  // kN times would not fit the instruction cache; so each row of results goes through a patch of shared memory per
  // warp, in which neighbouring lanes also find neighbouring columns.
  template <class Visit>
  __device__ __forceinline__ void for_each(SharedLine* memory, const Visit& visit) const {
    const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32;
    float* const patch = reinterpret_cast<float*>(memory) + warp * kLanesM * kPatchPitch;
    constexpr int kTogether = Right::kOrder == Contiguous::depth ? 1 : 4;  // columns of a thread that are neighbours
    constexpr int kRun = kLanesN * kTogether;                              // those of a warp
#pragma unroll
    for (int i = 0; i < kM; ++i) {
#pragma unroll
      for (int j = 0; j < kN; ++j)
        patch[lane / kLanesN * kPatchPitch + j / kTogether * kRun + lane % kLanesN * kTogether + j % kTogether] =
            sum_[i][j];
      __syncwarp();
#pragma unroll 1
      for (int e = lane; e < kLanesM * kWarpColumns; e += 32) {
        const int m = e / kWarpColumns, n = e % kWarpColumns;
        visit(outer<Left, Shape::kUnitsM>(warp / kWarpsN * kLanesM + m, i),
              n / kRun * (kRun * kWarpsN) + warp % kWarpsN * kRun + n % kRun, patch[m * kPatchPitch + n]);
      }
      __syncwarp();
    }
  }

 private:
  // The tile's row (column) that is the i-th of a thread: every UNITS-th if rows are lines of shared memory, four in a
  // row if they are adjacent.
  template <class Tile, int UNITS>
  __device__ static int outer(int unit, int i) {
    return Tile::kOrder == Contiguous::depth ? unit + i * UNITS : i / 4 * 4 * UNITS + unit * 4 + i % 4;
  }

  // Of the thread's rows, COUNT from `first` on, at kSteps successive terms of the sum.
  template <class Tile, int UNITS, int COUNT>
  __device__ static void read(const float* tile, int unit, int first, int k, float (&values)[COUNT][kSteps]) {
    if constexpr (Tile::kOrder == Contiguous::depth) {
      static_assert(kSteps == 2 || kSteps == 4);
#pragma unroll
      for (int i = 0; i < COUNT; ++i) {
        const float* const at = tile + outer<Tile, UNITS>(unit, first + i) * Tile::kPitch + k;
        if constexpr (kSteps == 2) {
          const float2 v = *reinterpret_cast<const float2*>(at);
          values[i][0] = v.x, values[i][1] = v.y;
        } else {
          const float4 v = *reinterpret_cast<const float4*>(at);
          values[i][0] = v.x, values[i][1] = v.y, values[i][2] = v.z, values[i][3] = v.w;
        }
      }
    } else {
#pragma unroll
      for (int step = 0; step < kSteps; ++step)
#pragma unroll
        for (int i = 0; i < COUNT; i += 4) {
          const float4 v =
              *reinterpret_cast<const float4*>(tile + (k + step) * Tile::kPitch + outer<Tile, UNITS>(unit, first + i));
          values[i][step] = v.x, values[i + 1][step] = v.y, values[i + 2][step] = v.z, values[i + 3][step] = v.w;
        }
    }
  }

  int m_, n_;
  float sum_[kM][kN] = {};
};

#if PALIMPSEST_ARCH >= 800
template <Precision PRECISION>
struct Fragments;
template <>
struct Fragments<Precision::tf32> {
  using Type = nvcuda::wmma::precision::tf32;
  static constexpr int kDepth = 8;
};
template <>
struct Fragments<Precision::bf16> {
  using Type = __nv_bfloat16;
  static constexpr int kDepth = 16;
};

// Tensor cores, one warp per unit: kM x kN fragments of 16 x 16 results.
template <class Shape, class Left, class Right>
class Multiplier<Shape, Left, Right, false> {
 public:
  static constexpr int kWarpRows = Shape::kRows / Shape::kUnitsM, kWarpColumns = Shape::kColumns / Shape::kUnitsN;
  static constexpr int kM = kWarpRows / 16, kN = kWarpColumns / 16;
  static constexpr int kPatchPitch = 20;  // floats; buffers a fragment's results
  static constexpr int kPatch = 16 * kPatchPitch;
  static_assert(Shape::kThreads / 32 * kPatch * int(sizeof(float)) <= Left::kBytes, "patches reuse the left tiles");

  __device__ Multiplier() {
    const int warp = int(threadIdx.x) / 32;
    row_ = warp / Shape::kUnitsN * kWarpRows;
    column_ = warp % Shape::kUnitsN * kWarpColumns;
#pragma unroll
    for (auto& row : sum_)
#pragma unroll
      for (auto& one : row) nvcuda::wmma::fill_fragment(one, 0.0F);
  }

  using Element = Staged<Shape::kPrecision>;
  __device__ __forceinline__ void multiply(const Element* left, const Element* right) {
    using namespace nvcuda;
    using Type = typename Fragments<Shape::kPrecision>::Type;
    constexpr int kDepth = Fragments<Shape::kPrecision>::kDepth;
    constexpr bool kLeftByDepth = Left::kOrder == Contiguous::depth, kRightByDepth = Right::kOrder == Contiguous::depth;
    using Rows = std::conditional_t<kLeftByDepth, wmma::row_major, wmma::col_major>;
    using Columns = std::conditional_t<kRightByDepth, wmma::col_major, wmma::row_major>;
#pragma unroll
    for (int k = 0; k < Shape::kDepth; k += kDepth) {
      wmma::fragment<wmma::matrix_a, 16, 16, kDepth, Type, Rows> a;
      wmma::fragment<wmma::matrix_b, 16, 16, kDepth, Type, Columns> b[kN];
#pragma unroll
      for (int j = 0; j < kN; ++j) load<Right>(b[j], right, column_ + 16 * j, k);
#pragma unroll
      for (int i = 0; i < kM; ++i) {
        load<Left>(a, left, row_ + 16 * i, k);
#pragma unroll
        for (int j = 0; j < kN; ++j) wmma::mma_sync(sum_[i][j], a, b[j], sum_[i][j]);
      }
    }
  }

  // Which lane holds which result of a fragment is not documented, so the results go through a patch of shared memory
  // per warp; neighbouring lanes then visit neighbouring columns.
  template <class Visit>
  __device__ __forceinline__ void for_each(SharedLine* memory, const Visit& visit) const {
    float* const patch = reinterpret_cast<float*>(memory) + int(threadIdx.x) / 32 * kPatch;
    const int lane = int(threadIdx.x) % 32;
#pragma unroll
    for (int i = 0; i < kM; ++i)
#pragma unroll
      for (int j = 0; j < kN; ++j) {
        nvcuda::wmma::store_matrix_sync(patch, sum_[i][j], kPatchPitch, nvcuda::wmma::mem_row_major);
        __syncwarp();
#pragma unroll 1
        for (int e = lane; e < 256; e += 32)
          visit(row_ + 16 * i + e / 16, column_ + 16 * j + e % 16, patch[e / 16 * kPatchPitch + e % 16]);
        __syncwarp();
      }
  }

 private:
  template <class Tile, class Fragment>
  __device__ static void load(Fragment& fragment, const Element* tile, int outer, int k) {
    const int line = Tile::kOrder == Contiguous::depth ? outer : k;
    const int column = Tile::kOrder == Contiguous::depth ? k : outer;
    nvcuda::wmma::load_matrix_sync(fragment, tile + line * Tile::kPitch + column, Tile::kPitch);
    if constexpr (Shape::kPrecision == Precision::tf32) {
#pragma unroll
      for (int e = 0; e < fragment.num_elements; ++e) fragment.x[e] = nvcuda::wmma::__float_to_tf32(fragment.x[e]);
    }
  }

  int row_, column_;
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, Fragments<Shape::kPrecision>::kDepth, float> sum_[kM][kN];
};
#endif

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
