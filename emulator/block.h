#pragma once
// Runs the blocks of one launch sequentially on the calling OS thread.
//
// A worker fiber runs one thread after another until one has to wait; that thread then keeps the fiber, and another
// worker continues with the next thread. So a kernel without barriers costs one fiber switch per warp.
#include <cstdint>
#include <string>
#include <vector>

#include "simt/launch.h"
#include "simt/threads.h"

namespace palimpsest::simt {

// Returns false if a thread trapped: the launch ends, its effects so far remain.
bool run_launch(const Launch& launch);

const Launch* running_launch();         // null between launches
bool in_thread();                       // false in the scheduler
void require_thread(const char* what);  // a finding in the scheduler: `what` was called outside a kernel
unsigned linear_thread();               // of the running thread
unsigned block_threads();
std::uint64_t switches();
std::uint64_t blocks_run();
std::uint64_t threads_run();
// The reason for a fault at an address of the engine: a kernel's stack overflow.
bool overflowed_stack(const void* address);
bool in_kernel_stack(const void* address);

// For operations of several warps: suspends the running thread until another calls wake(). If every thread waits, the
// finding has this kind, and says: thread ... waits in NAME at ... (WHY).
struct Wait {
  const char *name, *kind;
  std::string (*why)(unsigned thread);
};
void suspend(const Wait& what, Site site);
void wake(unsigned thread);

}  // namespace palimpsest::simt
