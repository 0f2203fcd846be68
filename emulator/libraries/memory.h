#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include "simt/runtime_types.h"

namespace palimpsest::libraries {

// A piece of memory that a call reads or writes.
struct Range {
  const char* what;  // the argument's name
  const void* begin;
  std::size_t bytes;
};

bool aligned(const void* pointer, std::size_t bytes);

// Puts the work of the library function `name` into the stream (or the graph being captured). Every range must be live
// device memory from its first byte to its last, now and again when the work runs, and no written range may overlap
// another one: a GPU would fault later and elsewhere, or silently corrupt memory, so this is a finding. A null or empty
// range is ignored. To compute in place, list the range only under `writes`.
void enqueue(cudaStream_t stream, const char* name, std::vector<Range> reads, std::vector<Range> writes,
             std::function<void()> work);

}  // namespace palimpsest::libraries
