#pragma once
// Runs the blocks of one launch, one after the other, on the calling OS thread.
//
// A worker fiber runs thread after thread until one of them has to wait; that thread then keeps the fiber, and another
// worker goes on with the next thread. So a kernel without barriers costs one fiber switch per warp.
#include <cstdint>
#include <vector>

#include "simt/launch.h"
#include "simt/threads.h"

namespace palimpsest::simt {

// Returns false if a thread trapped: the launch is over, its effects so far stay.
bool run_launch(const Launch& launch);

const Launch* running_launch();  // null between launches
bool in_thread();                // false in the scheduler
unsigned linear_thread();        // of the thread that runs
std::uint64_t switches();
std::uint64_t blocks_run();
std::uint64_t threads_run();
// Why an address faulted, if it belongs to the engine: a kernel's stack that overflowed.
bool overflowed_stack(const void* address);
bool in_kernel_stack(const void* address);

}  // namespace palimpsest::simt
