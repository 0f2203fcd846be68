#pragma once
#include <cuda_runtime.h>

namespace palimpsest::PALIMPSEST_CUDA {

// sums[k] = sum over m of values[m, k], dense rows of `columns` values, in an order that depends only on the extents.
// The rows are cut into `slices`, so that few columns fill a GPU too. `partial`: slices * columns floats of device
// memory; not used with one slice.
void column_sums(cudaStream_t stream, const float* values, int rows, int columns, int slices, float* partial,
                 float* sums);

}  // namespace palimpsest::PALIMPSEST_CUDA
