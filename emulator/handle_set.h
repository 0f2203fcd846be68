#pragma once
// The existing handles of one kind. A list, since MSan does not see libstdc++ balance the trees of std::set.
#include <algorithm>
#include <cstddef>
#include <vector>

namespace palimpsest::simt {

template <typename T>
class Handles {
 public:
  bool contains(T handle) const { return std::find(list_.begin(), list_.end(), handle) != list_.end(); }
  void insert(T handle) { list_.push_back(handle); }
  std::size_t erase(T handle) { return std::erase(list_, handle); }
  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<T> list_;
};

}  // namespace palimpsest::simt
