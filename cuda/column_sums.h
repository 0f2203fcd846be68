#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

namespace palimpsest::PALIMPSEST_CUDA {

// Into how many slices so many rows are cut, so that few columns fill a GPU too.
inline int column_slices(std::int64_t rows) {
  return int(std::clamp<std::int64_t>(rows / 256, 1, 128));
}

// sums[k] = sum over m of values[m, k], dense rows of `columns` values, in an order that depends only on the extents.
// `partial`: slices * columns floats of device memory; not used with one slice.
void column_sums(cudaStream_t stream, const float* values, int rows, int columns, int slices, float* partial,
                 float* sums);

}  // namespace palimpsest::PALIMPSEST_CUDA
