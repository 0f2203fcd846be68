#pragma once
// Runs the blocks of one launch sequentially on the calling OS thread; those of a cluster take turns, as the warps of a
// block do. Threads are numbered within the cluster.
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
unsigned cluster_threads();
unsigned block_threads();
unsigned rank_of(unsigned thread);  // of the thread's block within its cluster
bool block_has_ended(unsigned rank);
// What is at this address of the running thread's shared memory, in the block `rank` of its cluster.
char* in_block(const void* address, unsigned rank, const Site& site);
// "thread (3,0,0)", and which block of a cluster it is in if that is not the running thread's.
std::string name_of_thread(unsigned thread);
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
