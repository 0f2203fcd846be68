#pragma once
// Barriers of some of a block's threads: mbarrier, on which copies count too, and the numbered ones of bar.sync.
#include "simt/warpgroup.h"
#include "tensor_copy.h"

namespace palimpsest::simt {

void start_barriers();
// At the block's end: a finding for copies without a wait.
void check_barriers();
// The copy, of so many bytes, counts in the barrier's present phase. It arrives when a thread waits for the phase.
void add_copy(Barrier* barrier, const TensorCopy& copy, std::size_t bytes);

}  // namespace palimpsest::simt
