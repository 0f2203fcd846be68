#include "cuda/factor.h"

#include <algorithm>

#include "cuda/bf16_copy.h"

namespace palimpsest::PALIMPSEST_CUDA {

Factor factor(const Context& context, const Tensor& tensor) {
  const float* const values = data(context, tensor);
  if (context.precision != Precision::bf16 || !context.refused.empty()) return values;
  CudaStorage& storage = storage_of(context, tensor);
  CudaStorage::Copy& copy = storage.copy;
  const Extents e = extents(tensor.shape, tensor.layout);
  const std::size_t rows = e.outer * e.middle, bytes = copy_bytes(rows, int(e.inner));
  const bool current = copy.version == storage.version && copy.epoch == context.epoch;
  if (!current || copy.rows != rows || copy.columns != int(e.inner)) {
    if (copy.buffers.empty() || copy.buffers.back()->bytes() < bytes)
      copy.buffers.push_back(std::make_unique<DeviceBuffer>(context.pool, std::max(bytes, storage.bytes() / 2)));
    bf16_copy(context.stream.get(), values, rows, int(e.inner), copy.buffers.back()->data());
    copy.rows = rows, copy.columns = int(e.inner), copy.version = storage.version, copy.epoch = context.epoch;
  }
  return {values, copy.buffers.back()->data()};
}

}  // namespace palimpsest::PALIMPSEST_CUDA
