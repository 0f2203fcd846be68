#include "cuda/factor.h"

#include <algorithm>

#include "cuda/bf16_copy.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

bool has_copies(const Context& context) {
  return context.precision == Precision::bf16 && context.refused.empty();
}

}  // namespace

Factor factor(const Context& context, const Tensor& tensor) {
  const float* const values = data(context, tensor);
  if (!has_copies(context)) return values;
  CudaStorage& storage = storage_of(context, tensor);
  CudaStorage::Copy& copy = storage.copy;
  const Extents e = extents(tensor.shape, tensor.layout);
  const std::size_t rows = e.outer * e.middle, bytes = copy_bytes(rows, int(e.inner));
  const CudaStorage::Copy::Of of{rows, int(e.inner), storage.version, context.epoch};
  if (copy.of != of) {
    if (copy.bytes() < bytes)
      copy.buffers.push_back(std::make_unique<DeviceBuffer>(context.pool, std::max(bytes, storage.bytes() / 2)));
    bf16_copy(context.stream.get(), values, rows, int(e.inner), copy.buffers.back()->data());
    copy.of = of;
  }
  return {values, copy.buffers.back()->data()};
}

Destination destination(const Context& context, const Tensor& tensor) {
  float* const values = written(context, tensor);
  if (!has_copies(context)) return values;
  CudaStorage& storage = storage_of(context, tensor);
  const Extents e = extents(tensor.shape, tensor.layout);
  const std::size_t rows = e.outer * e.middle;
  if (e.inner % 8 != 0 || storage.copy.buffers.empty() || storage.copy.bytes() < copy_bytes(rows, int(e.inner)))
    return values;
  storage.copy.of = {rows, int(e.inner), storage.version, context.epoch};
  return {values, storage.copy.buffers.back()->data()};
}

}  // namespace palimpsest::PALIMPSEST_CUDA
