// Two launches of one kernel, which sums the rows of each slice: the slices of the values, then their sums as one
// slice.
#include "cuda/column_sums.h"

#include "base/error.h"
#include "cuda/check.h"
#include "cuda/language.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr int kColumns = 32, kRows = 8;  // threads of a block

// sums[slice, column] = sum over the slice's rows of values[row, column]. A thread adds every kRows-th row of the
// slice, with 16 loads in flight; then the kRows are added in order.
__global__ void __launch_bounds__(kColumns* kRows)
    column_sums_kernel(const float* __restrict__ values, int rows, int columns, float* __restrict__ sums) {
  using Row = float[kColumns];
  SHARED_ARRAY(Row, of_threads, kRows);
  const int column = int(blockIdx.x) * kColumns + int(threadIdx.x), slice = int(blockIdx.y);
  const int first = int(std::int64_t{rows} * slice / gridDim.y),
            last = int(std::int64_t{rows} * (slice + 1) / gridDim.y);
  float sum = 0;
  if (column < columns) {
    const float* from = values + std::size_t(first + int(threadIdx.y)) * std::size_t(columns) + std::size_t(column);
    const std::size_t step = std::size_t(kRows) * std::size_t(columns);
#pragma unroll 16
    for (int row = first + int(threadIdx.y); row < last; row += kRows, from += step) sum += *from;
  }
  of_threads[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
  for (int i = 1; i < kRows; ++i) sum += of_threads[i][threadIdx.x];
  sums[std::size_t(slice) * std::size_t(columns) + std::size_t(column)] = sum;
}

}  // namespace

void column_sums(cudaStream_t stream, const float* values, int rows, int columns, int slices, float* partial,
                 float* sums) {
  PALIMPSEST_REQUIRE(rows >= 0 && columns > 0 && slices >= 1 && (slices == 1 || partial), "{} x {} values, {} slices",
                     rows, columns, slices);
  const auto launch = [&](const float* from, int rows_of_it, int slices_of_it, float* to) {
    const dim3 grid(unsigned((columns + kColumns - 1) / kColumns), unsigned(slices_of_it));
    CUDA_LAUNCH(column_sums_kernel, grid, dim3(kColumns, kRows), 0, stream, from, rows_of_it, columns, to);
    CUDA_LAUNCH_CHECK();
  };
  launch(values, rows, slices, slices == 1 ? sums : partial);
  if (slices > 1) launch(partial, slices, 1, sums);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
