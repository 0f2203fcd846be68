#pragma once
#include "cuda/gemm/epilogues.cuh"
#include "cuda/gemm/fragments.cuh"

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

  // ends.visit(row, column, Results<1>) for each result of this warp. A loop cannot index registers, and an epilogue
  // unrolled kM * kN times would not fit the instruction cache; so each row of results goes through a patch of shared
  // memory per warp, in which neighbouring lanes also find neighbouring columns.
  template <class Ends>
  __device__ __forceinline__ void for_each(SharedLine* memory, bool, Ends& ends) const {
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
        ends.visit(outer<Left, Shape::kUnitsM>(warp / kWarpsN * kLanesM + m, i),
                   n / kRun * (kRun * kWarpsN) + warp % kWarpsN * kRun + n % kRun,
                   Results<1>{{patch[m * kPatchPitch + n]}});
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
// Tensor cores, one warp per unit: kM x kN products of 16 x 8 results.
template <class Shape, class Left, class Right>
class Multiplier<Shape, Left, Right, false> {
 public:
  using Element = Staged<Shape::kPrecision>;
  static constexpr int kWarpRows = Shape::kWarpRows, kWarpColumns = Shape::kWarpColumns;
  static constexpr int kM = kWarpRows / 16, kN = kWarpColumns / 8;
  static constexpr int kPatchRows = Shape::kPatchRows, kPatchPitch = Shape::kPatchPitch;
  using Rows = Fragments<Left, 2 * kM, true>;
  using Columns = Fragments<Right, kN, false>;

  __device__ Multiplier()
      : rows_(int(threadIdx.x) / 32 / Shape::kUnitsN * kWarpRows),
        columns_(int(threadIdx.x) / 32 % Shape::kUnitsN * kWarpColumns) {}

  __device__ __forceinline__ void multiply(const Element* left, const Element* right) {
#pragma unroll
    for (int k = 0; k < Shape::kDepth; k += kFragmentDepth<Element>) {
      unsigned a[2 * kM][2], b[kN][2];
      columns_.read(right, k, b);
      rows_.read(left, k, a);
#pragma unroll
      for (int i = 0; i < kM; ++i)
#pragma unroll
        for (int j = 0; j < kN; ++j) multiply_add<Element>(sum_[i][j], a[2 * i], a[2 * i + 1], b[j]);
    }
  }

  // ends.visit(row, column, Results<4>) for each four neighbours in a row of this warp, or Results<1> for each, or in
  // two steps, so that a thread has several reads on their way: ends.read<4>(row, column), and visit with what that
  // read. A loop cannot index registers, and an epilogue for each of them would not fit the instruction cache; so some
  // rows at a time go through a patch of shared memory per warp, in which neighbouring lanes also find neighbouring
  // columns.
  template <class Ends>
  __device__ __forceinline__ void for_each(SharedLine* memory, bool in_fours, Ends& ends) const {
    const int warp = int(threadIdx.x) / 32, lane = int(threadIdx.x) % 32, g = lane / 4, t = lane % 4;
    float* const patch = reinterpret_cast<float*>(memory) + warp * kPatchRows * kPatchPitch;
    const int row = warp / Shape::kUnitsN * kWarpRows, column = warp % Shape::kUnitsN * kWarpColumns;
#pragma unroll
    for (int first = 0; first < kWarpRows; first += kPatchRows) {
#pragma unroll
      for (int i = first / 16; i < (first + kPatchRows) / 16; ++i)
#pragma unroll
        for (int j = 0; j < kN; ++j)
#pragma unroll
          for (int e = 0; e < 4; ++e)
            patch[(Rows::outer(2 * i + e / 2, g) - first) * kPatchPitch + Columns::outer(j, 2 * t + e % 2)] =
                sum_[i][j][e];
      __syncwarp();
      if (in_fours)
        visit_patch<4>(patch, row + first, column, ends);
      else
        visit_patch<1>(patch, row + first, column, ends);
      __syncwarp();
    }
  }

 private:
  template <int WIDTH, class Ends>
  __device__ static void visit_patch(const float* patch, int row, int column, Ends& ends) {
    constexpr int kPerRow = kWarpColumns / WIDTH, kCount = kPatchRows * kPerRow / 32;
    constexpr int kTogether = kCount % Ends::kReadTogether == 0 ? Ends::kReadTogether : 1;
    static_assert(kPatchRows * kPerRow % 32 == 0);
#pragma unroll 1
    for (int first = int(threadIdx.x) % 32; first < kPatchRows * kPerRow; first += 32 * kTogether) {
      decltype(ends.template read<WIDTH>(0, 0)) read[kTogether];
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        const int e = first + 32 * i;
        read[i] = ends.template read<WIDTH>(row + e / kPerRow, column + e % kPerRow * WIDTH);
      }
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        const int e = first + 32 * i, m = e / kPerRow, n = e % kPerRow * WIDTH;
        ends.visit(row + m, column + n, read_results<WIDTH>(patch + m * kPatchPitch + n), read[i]);
      }
    }
  }

  Rows rows_;
  Columns columns_;
  float sum_[kM][kN][4] = {};
};
#endif

}  // namespace palimpsest::PALIMPSEST_CUDA::gemm
