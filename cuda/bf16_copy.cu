// Rows of columns to BF16; one thread per 8 values of a row of the copy.
#include "cuda/bf16_copy.h"

#include "cuda/divisor.h"
#include "cuda/launch.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

__global__ void copy_whole_rows(std::size_t groups, const float4* __restrict__ from, uint4* __restrict__ to) {
  for (std::size_t i = first_index(); i < groups; i += grid_stride()) {
    const float4 a = from[2 * i], b = from[2 * i + 1];
    to[i] = make_uint4(bf16_pair(a.x, a.y), bf16_pair(a.z, a.w), bf16_pair(b.x, b.y), bf16_pair(b.z, b.w));
  }
}

__global__ void copy_padded_rows(int groups, Divisor by_groups_in_row, int columns, const float* __restrict__ from,
                                 uint4* __restrict__ to) {
  for (int i = int(first_index()); i < groups; i += int(grid_stride())) {
    const int row = by_groups_in_row.quotient(i), column = (i - row * by_groups_in_row.divisor) * 8;
    const float* const first = from + std::size_t(row) * std::size_t(columns) + column;
    const auto value = [&](int k) { return column + k < columns ? first[k] : 0.0F; };
    to[i] = make_uint4(bf16_pair(value(0), value(1)), bf16_pair(value(2), value(3)), bf16_pair(value(4), value(5)),
                       bf16_pair(value(6), value(7)));
  }
}

}  // namespace

void bf16_copy(cudaStream_t stream, const float* from, std::size_t rows, int columns, void* to) {
  const int groups_in_row = copied_columns(columns) / 8;
  const std::size_t groups = rows * std::size_t(groups_in_row);
  if (groups == 0) return;
  if (columns % 8 == 0)
    CUDA_LAUNCH(copy_whole_rows, blocks_for(groups), kThreads, 0, stream, groups, fours(from), static_cast<uint4*>(to));
  else
    CUDA_LAUNCH(copy_padded_rows, blocks_for(groups), kThreads, 0, stream, count_to_divide(groups),
                Divisor(groups_in_row), columns, from, static_cast<uint4*>(to));
  CUDA_LAUNCH_CHECK();
}

}  // namespace palimpsest::PALIMPSEST_CUDA
