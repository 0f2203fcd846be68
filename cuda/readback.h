#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "cuda/handles.h"
#include "ops/pending.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Small results to the host, which need not wait for them: each has a page-locked cell and an event of its own until it
// is forgotten. Cells are used again, so that a loop allocates none after its first turns.
class Readback {
 public:
  explicit Readback(const Stream& compute) : compute_(compute) {}

  // What `device` holds when the stream comes to it, as `map` of it.
  template <class T, class Result, class Map>
  Pending<Result> read(const T* device, const Map& map) {
    static_assert(sizeof(T) <= Cell::kBytes);
    std::shared_ptr<Cell> cell = copy(device, sizeof(T));
    return Pending<Result>(std::function<Result()>([cell, map] {
      cell->copied.wait();
      T value;
      std::memcpy(&value, cell->at, sizeof(T));
      return map(value);
    }));
  }

 private:
  struct Cell {
    static constexpr std::size_t kBytes = 64;
    std::shared_ptr<PinnedBuffer> slab;  // of kCells
    std::byte* at = nullptr;
    Event copied;
  };
  static constexpr std::size_t kCells = 64;
  void make_cells();
  std::shared_ptr<Cell> copy(const void* device, std::size_t bytes);

  const Stream& compute_;
  std::vector<std::shared_ptr<Cell>> cells_;  // in use while somebody else owns them too
};

}  // namespace palimpsest::PALIMPSEST_CUDA
