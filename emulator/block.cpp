#include "block.h"

#include <fmt/format.h>

#include <numeric>

#include "async_copy.h"
#include "barriers.h"
#include "block_state.h"
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

void open_barrier() {
  const Thread* first = nullptr;
  int count = 0, arrived = 0;
  for (unsigned i = 0; i < block.size; ++i) {
    const Thread& thread = block.threads[i];
    if (thread.state != State::AtBarrier) continue;
    if (!first) first = &thread;
    if (!same_line(first->site, thread.site) || first->vote != thread.vote)
      finding("divergent barrier",
              fmt::format("thread {} waits at the barrier at {}, thread {} at the one at {}", text(first->index),
                          text(first->site), text(thread.index), text(thread.site)));
    count += thread.predicate;
    ++arrived;
  }
  for (unsigned i = 0; i < block.size; ++i) {
    Thread& thread = block.threads[i];
    if (thread.state != State::AtBarrier) continue;
    const Vote vote = static_cast<Vote>(thread.vote);
    thread.vote_result = vote == Vote::Count ? count : vote == Vote::And ? count == arrived : count > 0;
    thread.state = State::Ready;
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
    others += fmt::format("; thread {} waits at {}", text(thread.index), text(thread.site));
    if (thread.state == State::Waiting) others += fmt::format(" ({})", thread.why(thread.linear));
  }
  finding(first.kind, fmt::format("thread {} waits in {} at {} ({}){}", text(first.index), first.operation,
                                  text(first.site), first.why(first.linear), others));
}

// Every warp has run as far as it can. True if the block is finished.
bool all_done_or_barrier() {
  unsigned done = 0;
  const Thread *in_warp = nullptr, *waiting = nullptr;
  for (unsigned i = 0; i < block.size; ++i) {
    const Thread& thread = block.threads[i];
    if (thread.state == State::Ready) return false;  // another warp woke it
    if (thread.state == State::InWarpOperation && !in_warp) in_warp = &thread;
    if (thread.state == State::Waiting && !waiting) waiting = &thread;
    done += thread.state == State::Done;
  }
  if (in_warp) stuck_in_warp(in_warp->linear / kWarp, in_warp->linear % kWarp);
  if (waiting) deadlock(*waiting);
  if (done == block.size) return true;
  open_barrier();  // threads that have exited do not count (sm_70 and later)
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

void run_block(uint3 index) {
  block_index = index;
  start_shared_memory(block.launch->dynamic_shared_bytes);
  start_copies(block.size);
  start_barriers();
  start_products();
  if (observer) observer->block_started(block.size);
  for (unsigned i = 0; i < block.size; ++i) block.threads[i].state = State::Fresh;
  ++block.blocks;
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
  block.size = launch.block.x * launch.block.y * launch.block.z;
  block.warps = (block.size + kWarp - 1) / kWarp;
  if (block.threads.size() < block.size) block.threads.resize(block.size);
  for (unsigned i = 0; i < block.size; ++i) {
    Thread& thread = block.threads[i];
    thread.linear = i;
    thread.index = {i % launch.block.x, i / launch.block.x % launch.block.y, i / (launch.block.x * launch.block.y)};
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
  const std::uint64_t count = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  const BlockOrder blocks(count);
  for (std::uint64_t i = 0; i < count && !block.trapped; ++i) {
    const std::uint64_t at = blocks[i];
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
unsigned block_threads() {
  return block.size;
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

void trap(const char* what, Site site) {
  const EngineCall engine;
  require_thread(what);
  fmt::print(stderr, "palimpsest emulator: trap: {}: {} at {}\n", running(), what, text(site));
  throw Trapped{};
}

}  // namespace palimpsest::simt
