#pragma once
// The orders in which threads and blocks run. A kernel's result must not depend on them.
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "simt/work.h"

namespace palimpsest::simt {

// splitmix64, seeded by set_order and by the environment.
std::uint64_t draw();

template <typename Iterator>
void shuffle(Iterator first, Iterator last) {
  for (auto left = last - first; left > 1; --left)
    std::swap(first[left - 1], first[static_cast<std::ptrdiff_t>(draw() % static_cast<std::uint64_t>(left))]);
}

// A permutation of the blocks of a grid.
class BlockOrder {
 public:
  explicit BlockOrder(std::uint64_t count);
  std::uint64_t operator[](std::uint64_t i) const {
    if (!shuffled_.empty()) return shuffled_[i];
    return reversed_ ? count_ - 1 - i : i;
  }

 private:
  std::uint64_t count_;
  bool reversed_ = false;
  std::vector<std::uint32_t> shuffled_;
};

}  // namespace palimpsest::simt
