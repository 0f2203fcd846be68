#include "cuda/recorded_memory.h"

#include <algorithm>

#include "cuda/bf16_copy.h"

namespace palimpsest::PALIMPSEST_CUDA {

RecordedMemory::Used& RecordedMemory::used(const Tensor& tensor, bool finds_copy) {
  const auto storage = std::static_pointer_cast<CudaStorage>(tensor.storage);
  if (const auto at = std::ranges::find(all_, storage, &Used::storage); at != all_.end()) return *at;
  return all_.emplace_back(storage, finds_copy ? storage->copy : CudaStorage::Copy{});
}

void RecordedMemory::written(const Tensor& tensor) {
  used(tensor, false).written = true;
}

void RecordedMemory::copy_used(const Tensor& tensor, bool present) {
  used(tensor, present);
}

void RecordedMemory::end_step() {
  for (Used& one : all_) {
    one.left = one.storage->copy;
    one.storage->copy.columns = 0;
  }
}

void RecordedMemory::before_run(const Context& context) {
  for (const Used& one : all_) {
    CudaStorage& storage = *one.storage;
    const CudaStorage::Copy& found = one.found;
    if (found.columns == 0 || storage.copy == found) continue;
    bf16_copy(context.stream.get(), storage.buffer.as<const float>(), found.rows, found.columns, found.buffer->data());
    storage.copy = found;
  }
}

void RecordedMemory::after_run() {
  for (const Used& one : all_) {
    one.storage->copy = one.left;
    if (one.written) one.storage->version = next_version();
  }
}

}  // namespace palimpsest::PALIMPSEST_CUDA
