#include "cuda/readback.h"

#include <algorithm>

namespace palimpsest::PALIMPSEST_CUDA {

void Readback::make_cells() {
  const auto slab = std::make_shared<PinnedBuffer>();
  slab->reserve(kCells * Cell::kBytes);
  for (std::size_t i = 0; i < kCells; ++i) {
    cells_.push_back(std::make_shared<Cell>());
    cells_.back()->slab = slab;
    cells_.back()->at = slab->as<std::byte>() + i * Cell::kBytes;
  }
}

std::shared_ptr<Readback::Cell> Readback::copy(const void* device, std::size_t bytes) {
  const auto find = [&] {
    return std::ranges::find_if(cells_, [](const std::shared_ptr<Cell>& cell) { return cell.use_count() == 1; });
  };
  auto free = find();
  if (free == cells_.end()) {
    make_cells();
    free = find();
  }
  CUDA_CHECK(cudaMemcpyAsync((*free)->at, device, bytes, cudaMemcpyDeviceToHost, compute_.get()));
  (*free)->copied.record(compute_);
  return *free;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
