#pragma once
// Copies of a tensor's box into shared memory (cp.async.bulk.tensor).
#include <array>
#include <cstdint>
#include <source_location>

#include "tensor_map.h"

namespace palimpsest::simt {

struct TensorCopy {
  TensorRecord map;
  char* to;
  std::array<std::int64_t, 4> first;  // in the map's order of dimensions
  int tap_w, tap_h;
  unsigned thread;
  std::source_location site;
  std::uint64_t write;  // the race detector's
};
// Writes what has been copied; until then the target is undefined.
void deliver(const TensorCopy& copy);

}  // namespace palimpsest::simt
