#include "cuda/factor.h"

#include <algorithm>
#include <iterator>

#include "cuda/bf16_copy.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

bool has_copies(const Context& context) {
  return context.precision == Precision::bf16 && context.refused.empty();
}

CudaStorage::Copy::Of present(const Context& context, const Tensor& tensor) {
  const Extents e = extents(tensor.shape, tensor.layout);
  return {e.outer * e.middle, int(e.inner), tensor.storage->version, context.epoch};
}

// Whether the copy is of the present values. A recording may assume one that was when it began.
bool is_present(const Context& context, CudaStorage& storage, const CudaStorage::Copy::Of& of) {
  if (storage.copy.of == of) return true;
  CudaStorage::Copy::Of before = of;
  --before.epoch;
  if (!context.assumed || storage.copy.of != before) return false;
  context.assumed->push_back({&storage, before, storage.copy.buffers.back()->data()});
  storage.copy.of = of;
  return true;
}

bool is_present(const Context& context, const AssumedCopy& copy) {
  const CudaStorage& storage = *copy.storage;
  const CudaStorage::Copy::Of of{copy.of.rows, copy.of.columns, storage.version, context.epoch};
  return storage.copy.of == of && storage.copy.buffers.back()->data() == copy.data;
}

// Where a result's copy goes, if it can be written together with the result.
Destination with_copy(const Context& context, const Tensor& tensor, float* values) {
  CudaStorage::Copy& copy = storage_of(context, tensor).copy;
  const CudaStorage::Copy::Of of = present(context, tensor);
  if (of.columns % 8 != 0 || copy.buffers.empty() || copy.bytes() < copy_bytes(of.rows, of.columns)) return values;
  copy.of = of;
  return {values, copy.buffers.back()->data()};
}

}  // namespace

Factor factor(const Context& context, const Tensor& tensor) {
  const float* const values = data(context, tensor);
  if (!has_copies(context)) return values;
  CudaStorage& storage = storage_of(context, tensor);
  CudaStorage::Copy& copy = storage.copy;
  const CudaStorage::Copy::Of of = present(context, tensor);
  if (!is_present(context, storage, of)) {
    const std::size_t bytes = copy_bytes(of.rows, of.columns);
    if (copy.bytes() < bytes)
      copy.buffers.push_back(std::make_unique<DeviceBuffer>(context.pool, std::max(bytes, storage.bytes() / 2)));
    bf16_copy(context.stream.get(), values, of.rows, of.columns, copy.buffers.back()->data());
    copy.of = of;
  }
  return {values, copy.buffers.back()->data()};
}

Destination destination(const Context& context, const Tensor& tensor) {
  float* const values = written(context, tensor);
  return has_copies(context) ? with_copy(context, tensor, values) : values;
}

Destination changing(const Context& context, const Tensor& tensor) {
  const bool copied = has_copies(context) && is_present(context, storage_of(context, tensor), present(context, tensor));
  float* const values = written(context, tensor);
  return copied ? with_copy(context, tensor, values) : values;
}

void make_assumed(const Context& context, const std::vector<AssumedCopy>& assumed) {
  for (const AssumedCopy& copy : assumed)
    if (!is_present(context, copy))
      bf16_copy(context.stream.get(), copy.storage->buffer.as<const float>(), copy.of.rows, copy.of.columns,
                const_cast<void*>(copy.data));
}

std::vector<AssumedCopy> kept(const Context& context, const std::vector<AssumedCopy>& assumed) {
  std::vector<AssumedCopy> found;
  std::ranges::copy_if(assumed, std::back_inserter(found),
                       [&](const AssumedCopy& copy) { return is_present(context, copy); });
  return found;
}

void keep(Context& context, const std::vector<AssumedCopy>& kept) {
  ++context.epoch;
  for (const AssumedCopy& copy : kept) {
    CudaStorage& storage = *copy.storage;
    if (storage.copy.buffers.back()->data() == copy.data)
      storage.copy.of = {copy.of.rows, copy.of.columns, storage.version, context.epoch};
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA
