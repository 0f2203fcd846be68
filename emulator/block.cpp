#include "block.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "async_copy.h"
#include "barriers.h"
#include "block_state.h"
#include "launch.h"
#include "observer.h"
#include "order.h"
#include "report.h"
#include "shared_memory.h"
#include "simt/work.h"
#include "warpgroup.h"

namespace palimpsest::simt {

uint3 thread_index{}, block_index{};
dim3 block_size{}, grid_size{};
Observer* observer = nullptr;
Block block;

namespace {

struct Trapped {};

void enter(Thread& thread) {
  block.current = &thread;
  thread_index = thread.index;
  block_index = block.first_index;
  block_index.x += thread.rank;
  enter_shared_memory(thread.rank);
}

Thread* next_fresh() {
  const unsigned count = lanes_of(block.warp);
  while (block.next_fresh < kWarp) {
    const unsigned index = block.lane_order[block.next_fresh++];
    if (index < count) return &lane(block.warp, index);
  }
  return nullptr;
}

// A worker runs every thread not yet started, then idles until the scheduler has more.
void work() {
  for (;;) {
    while (Thread* thread = block.trapped ? nullptr : next_fresh()) {
      enter(*thread);
      thread->fiber = block.worker;
      try {
        block.launch->invoke(block.launch->arguments.get());
        require_no_copies(thread->linear);
        require_no_products(thread->linear);
      } catch (const Trapped&) {
        block.trapped = true;
      }
      block.current->state = State::Done;
      block.current = nullptr;
    }
    block.idle.push_back(block.worker);
    Fiber::suspend();
  }
}

void resume(Fiber* fiber) {
  block.worker = fiber;
  ++block.switches;
  fiber->resume();
  block.worker = nullptr;
  block.current = nullptr;
}

Fiber* idle_worker() {
  if (block.idle.empty()) {
    block.workers.push_back(std::make_unique<Fiber>(work, static_cast<unsigned>(block.workers.size())));
    return block.workers.back().get();
  }
  Fiber* fiber = block.idle.back();
  block.idle.pop_back();
  return fiber;
}

}  // namespace

void wait(State state, Site site) {
  Thread& self = *block.current;
  self.state = state;
  self.site = site;
  Fiber::suspend();
  enter(self);
  if (block.trapped) throw Trapped{};
}

void require_thread(const char* what) {
  if (!block.current) finding("misuse", fmt::format("{} outside a kernel", what));
}

namespace {

// Until every thread of the warp is done or waits for the block.
void run_warp(unsigned warp) {
  block.warp = warp;
  if (block.threads[warp * kWarp].state == State::Fresh) {  // then all of them are
    block.next_fresh = 0;
    while (block.next_fresh < kWarp && !block.trapped) resume(idle_worker());
  }
  do {
    for (unsigned index : block.lane_order) {
      if (block.trapped) return;
      if (index >= lanes_of(warp)) continue;
      Thread& thread = lane(warp, index);
      if (thread.state == State::Ready) resume(thread.fiber);
    }
  } while (!block.trapped && resolve_warp(warp));
}

std::span<Thread> threads_of(unsigned rank) {
  return std::span(block.threads).subspan(std::size_t{rank} * block.of_each, block.of_each);
}

// Of those at the barrier.
void require_same_barrier(std::span<const Thread> threads, State at) {
  const Thread* first = nullptr;
  for (const Thread& thread : threads) {
    if (thread.state != at) continue;
    if (!first) first = &thread;
    if (!same_line(first->site, thread.site) || first->vote != thread.vote)
      finding("divergent barrier",
              fmt::format("thread {} waits at the barrier at {}, thread {} at the one at {}", text(first->index),
                          text(first->site), text(thread.index), text(thread.site)));
  }
}

// All of a block's threads are there, but for those that have exited: they do not count (sm_70 and later).
void open_barrier(unsigned rank) {
  const std::span<Thread> threads = threads_of(rank);
  require_same_barrier(threads, State::AtBarrier);
  int count = 0, arrived = 0;
  for (const Thread& thread : threads) {
    if (thread.state != State::AtBarrier) continue;
    count += thread.predicate;
    ++arrived;
  }
  for (Thread& thread : threads) {
    if (thread.state != State::AtBarrier) continue;
    const Vote vote = static_cast<Vote>(thread.vote);
    thread.vote_result = vote == Vote::Count ? count : vote == Vote::And ? count == arrived : count > 0;
    thread.state = State::Ready;
  }
  if (!observer) return;
  if (block.blocks_together == 1) return observer->block_barrier();
  // The other blocks' accesses are not ordered by it. Its name is a thread's address.
  for (const Thread& thread : threads) observer->release(threads.data(), thread.linear);
  observer->phase_completed(threads.data());
  for (const Thread& thread : threads) observer->acquire(threads.data(), thread.linear);
}

void open_cluster_barrier() {
  const std::span<Thread> threads(block.threads.data(), block.size);
  require_same_barrier(threads, State::AtCluster);
  for (Thread& thread : threads) {
    if (thread.state == State::AtCluster) thread.state = State::Ready;
  }
  if (observer) observer->block_barrier();
}

// Every thread waits, and at least one of them not at the block's barrier.
[[noreturn]] void deadlock(const Thread& first) {
  std::string others;
  std::vector<Site> sites{first.site};
  for (unsigned i = 0; i < block.size; ++i) {
    const Thread& thread = block.threads[i];
    const bool known =
        std::any_of(sites.begin(), sites.end(), [&](const Site& site) { return same_line(site, thread.site); });
    if (thread.state == State::Done || known) continue;
    sites.push_back(thread.site);
    others += fmt::format("; {} waits at {}", name_of_thread(i), text(thread.site));
    if (thread.state == State::Waiting) others += fmt::format(" ({})", thread.why(thread.linear));
  }
  finding(first.kind, fmt::format("thread {} waits in {} at {} ({}){}", text(first.index), first.operation,
                                  text(first.site), first.why(first.linear), others));
}

// Opens the barriers of blocks whose threads are all there.
bool open_barriers() {
  bool opened = false;
  for (unsigned rank = 0; rank < block.blocks_together; ++rank) {
    bool all = true, any = false;
    for (const Thread& thread : threads_of(rank)) {
      any |= thread.state == State::AtBarrier;
      all &= thread.state == State::AtBarrier || thread.state == State::Done;
    }
    if (all && any) open_barrier(rank);
    opened |= all && any;
  }
  return opened;
}

// Every warp has run as far as it can. True if all blocks are finished.
bool all_done_or_barrier() {
  unsigned done = 0, at_cluster = 0;
  const Thread *in_warp = nullptr, *waiting = nullptr, *at_barrier = nullptr;
  for (unsigned i = 0; i < block.size; ++i) {
    const Thread& thread = block.threads[i];
    if (thread.state == State::Ready) return false;  // another warp woke it
    if (thread.state == State::InWarpOperation && !in_warp) in_warp = &thread;
    if ((thread.state == State::Waiting || thread.state == State::AtCluster) && !waiting) waiting = &thread;
    if (thread.state == State::AtBarrier && !at_barrier) at_barrier = &thread;
    done += thread.state == State::Done;
    at_cluster += thread.state == State::AtCluster;
  }
  if (done == block.size) return true;
  if (at_barrier && open_barriers()) return false;
  if (in_warp) stuck_in_warp(in_warp->linear / kWarp, in_warp->linear % kWarp);
  if (done + at_cluster < block.size) deadlock(*waiting);
  open_cluster_barrier();
  return false;
}

void draw_order() {
  if (order().kind != Order::Kind::Shuffled) return;
  shuffle(block.lane_order.begin(), block.lane_order.end());
  shuffle(block.warp_order.begin(), block.warp_order.end());
}

// After a trap: unwinds every waiting thread, so that its worker is free again.
void unwind() {
  for (unsigned i = 0; i < block.size; ++i) {
    const State state = block.threads[i].state;
    if (state != State::Fresh && state != State::Done) resume(block.threads[i].fiber);
  }
}

// Or a cluster, from its first block on.
void run_block(uint3 index) {
  block.first_index = block_index = index;
  start_shared_memory(block.launch->dynamic_shared_bytes, block.blocks_together);
  start_copies(block.size);
  start_barriers();
  start_products();
  if (observer) observer->block_started(block.size);
  for (unsigned i = 0; i < block.size; ++i) block.threads[i].state = State::Fresh;
  block.blocks += block.blocks_together;
  block.threads_run += block.size;
  do {
    draw_order();
    for (unsigned warp : block.warp_order) {
      if (!block.trapped) run_warp(warp);
    }
    if (block.trapped) return unwind();
  } while (!all_done_or_barrier());
  check_barriers();
  check_registers();
  check_shared_gaps();
  if (observer) observer->block_ended();
}

void set_up(const Launch& launch) {
  block.launch = &launch;
  block.trapped = false;
  block_size = launch.block;
  grid_size = launch.grid;
  block.blocks_together = launch.cluster;
  block.of_each = launch.block.x * launch.block.y * launch.block.z;
  block.size = block.of_each * block.blocks_together;
  if (block.blocks_together > 1 && (block.of_each % 128 != 0 || block.size > kMaxThreads))
    finding("emulator",
            fmt::format("a cluster of {} blocks of {} threads; the emulator runs whole warpgroups, and at most {} "
                        "threads together",
                        block.blocks_together, block.of_each, kMaxThreads));
  block.warps = (block.size + kWarp - 1) / kWarp;
  if (block.threads.size() < block.size) block.threads.resize(block.size);
  for (unsigned i = 0; i < block.size; ++i) {
    Thread& thread = block.threads[i];
    thread.linear = i;
    thread.rank = i / block.of_each;
    const unsigned in_block = i % block.of_each;
    thread.index = {in_block % launch.block.x, in_block / launch.block.x % launch.block.y,
                    in_block / (launch.block.x * launch.block.y)};
  }
  std::iota(block.lane_order.begin(), block.lane_order.end(), 0u);
  block.warp_order.resize(block.warps);
  std::iota(block.warp_order.begin(), block.warp_order.end(), 0u);
  if (order().kind == Order::Kind::Reversed) {
    std::reverse(block.lane_order.begin(), block.lane_order.end());
    std::reverse(block.warp_order.begin(), block.warp_order.end());
  }
}

}  // namespace

bool run_launch(const Launch& launch) {
  set_up(launch);
  if (observer) observer->launch_started();
  const std::uint64_t count = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z / launch.cluster;
  const BlockOrder blocks(count);
  for (std::uint64_t i = 0; i < count && !block.trapped; ++i) {
    const std::uint64_t at = blocks[i] * launch.cluster;
    run_block({static_cast<unsigned>(at % launch.grid.x), static_cast<unsigned>(at / launch.grid.x % launch.grid.y),
               static_cast<unsigned>(at / launch.grid.x / launch.grid.y)});
  }
  block.launch = nullptr;
  return !block.trapped;
}

const Launch* running_launch() {
  return block.launch;
}
bool in_thread() {
  return block.current != nullptr;
}
unsigned linear_thread() {
  return block.current->linear;
}
unsigned cluster_threads() {
  return block.size;
}
unsigned block_threads() {
  return block.of_each;
}
unsigned rank_of(unsigned thread) {
  return block.threads[thread].rank;
}
char* in_block(const void* address, unsigned rank, const Site& site) {
  require_thread("access to another block");
  if (!in_own_shared_memory(address))
    finding("misuse", fmt::format("{}: not in the block's shared memory", text(site)));
  if (rank >= block.blocks_together)
    finding("misuse", fmt::format("{}: block {} of a cluster of {}", text(site), rank, block.blocks_together));
  return shared_of(address, rank);
}
bool block_has_ended(unsigned rank) {
  return std::ranges::all_of(threads_of(rank), [](const Thread& thread) { return thread.state == State::Done; });
}
std::string name_of_thread(unsigned thread) {
  const Thread& named = block.threads[thread];
  std::string name = "thread " + text(named.index);
  if (!block.current || block.current->rank == named.rank) return name;
  uint3 index = block.first_index;
  index.x += named.rank;
  return fmt::format("{} of block {} of the cluster", name, text(index));
}
std::uint64_t switches() {
  return block.switches;
}
std::uint64_t blocks_run() {
  return block.blocks;
}
std::uint64_t threads_run() {
  return block.threads_run;
}

bool overflowed_stack(const void* address) {
  return std::any_of(block.workers.begin(), block.workers.end(), [&](auto& worker) { return worker->guards(address); });
}
bool in_kernel_stack(const void* address) {
  return block.worker && block.worker->holds(address);
}

void suspend(const Wait& what, Site site) {
  Thread& self = *block.current;
  self.operation = what.name;
  self.kind = what.kind;
  self.why = what.why;
  wait(State::Waiting, site);
}

void wake(unsigned thread) {
  block.threads[thread].state = State::Ready;
}

void block_barrier(Site site) {
  require_thread("__syncthreads");
  block.current->vote = -1;
  wait(State::AtBarrier, site);
}

int block_vote(Vote vote, bool predicate, Site site) {
  require_thread("__syncthreads");
  Thread& self = *block.current;
  self.vote = static_cast<int>(vote);
  self.predicate = predicate;
  wait(State::AtBarrier, site);
  return self.vote_result;
}

unsigned block_rank() {
  require_thread("block_rank");
  return block.current->rank;
}

namespace {

std::string why_cluster(unsigned) {
  const auto there = std::ranges::count(std::span(block.threads.data(), block.size), State::AtCluster, &Thread::state);
  return fmt::format("for all {} threads of the cluster, of which {} are there", block.size, there);
}

}  // namespace

void sync_cluster(Site site) {
  require_thread("sync_cluster");
  Thread& self = *block.current;
  self.operation = "sync_cluster";
  self.kind = "deadlock";
  self.why = why_cluster;
  self.vote = -1;
  wait(State::AtCluster, site);
}

void trap(const char* what, Site site) {
  const EngineCall engine;
  require_thread(what);
  fmt::print(stderr, "palimpsest emulator: trap: {}: {} at {}\n", running(), what, text(site));
  throw Trapped{};
}

}  // namespace palimpsest::simt
