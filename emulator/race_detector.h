#pragma once
// Races between the threads of one launch, reads of undefined memory, and accesses outside allocations, found from
// every access of instrumented code (race_hooks.cpp).
//
// Two accesses race if they share a byte, at least one of them writes, not both are atomic, and nothing orders them.
// Within a block a barrier orders everything; race_clocks.h what warp operations and barriers of some threads order.
// Nothing orders blocks.
// Blocks run sequentially, so the numbers of their barrier intervals ("segments") only grow, and one comparison shows
// whether an earlier access was made by another launch, another block, or before the last barrier.
#include <cstddef>
#include <cstdint>

namespace palimpsest::simt {

enum class Access { Read, Write, Atomic };
// One access of instrumented code, by a kernel's thread or by a library call in a stream.
void record_access(const void* address, std::size_t bytes, Access access, const void* return_address);

}  // namespace palimpsest::simt
