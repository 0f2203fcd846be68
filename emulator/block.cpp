#include "block.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <numeric>

#include "async_copy.h"
#include "fiber.h"
#include "observer.h"
#include "order.h"
#include "report.h"
#include "shared_memory.h"
#include "simt/work.h"

namespace palimpsest::simt {

uint3 thread_index{}, block_index{};
dim3 block_size{}, grid_size{};
Observer* observer = nullptr;

namespace {

constexpr unsigned kWarp = 32;
enum class State : std::uint8_t { Fresh, Ready, AtBarrier, InWarpOperation, Done };

struct Thread {
  uint3 index{};
  unsigned linear = 0;
  State state = State::Fresh;
  Fiber* fiber = nullptr;
  Site site{};  // where it waits
  // At a barrier.
  int vote = -1;  // none, or a Vote
  int vote_result = 0;
  bool predicate = false;
  // In a warp operation.
  const char* operation = nullptr;
  std::uint32_t mask = 0;
  Resolve resolve = nullptr;
  void* payload = nullptr;
};

struct Trapped {};

struct Block {
  const Launch* launch = nullptr;
  std::vector<Thread> threads;
  unsigned size = 0, warps = 0;
  // The running warp and its next thread to start.
  unsigned warp = 0, next_fresh = 0;
  std::array<unsigned, kWarp> lane_order{};
  std::vector<unsigned> warp_order;
  Thread* current = nullptr;
  bool trapped = false;
  unsigned resolving_warp = 0;  // while a warp operation is resolved
  std::vector<std::unique_ptr<Fiber>> workers;
  std::vector<Fiber*> idle;
  Fiber* worker = nullptr;  // that runs
  std::uint64_t switches = 0, blocks = 0, threads_run = 0;
} block;

unsigned lanes_of(unsigned warp) {
  return std::min(kWarp, block.size - warp * kWarp);
}
Thread& lane(unsigned warp, unsigned index) {
  return block.threads[warp * kWarp + index];
}

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

// From the running thread to the scheduler; returns when the scheduler resumes the thread.
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

// ---- warp operations ----

// The lane that blocks `waiting`, and why.
[[noreturn]] void stuck_in_warp(unsigned warp, unsigned waiting) {
  const Thread& self = lane(warp, waiting);
  const std::uint32_t missing = [&] {
    std::uint32_t lanes = 0;
    for (unsigned other = 0; other < lanes_of(warp); ++other) {
      const Thread& thread = lane(warp, other);
      if (self.mask >> other & 1u && thread.state != State::Done &&
          !(thread.state == State::InWarpOperation && thread.mask == self.mask && thread.resolve == self.resolve))
        lanes |= 1u << other;
    }
    return lanes;
  }();
  const Thread& other = lane(warp, static_cast<unsigned>(std::countr_zero(missing)));
  if (other.state == State::InWarpOperation)
    finding("lanes disagree",
            fmt::format("thread {} is in {} at {} with mask {:#010x}, thread {} in {} at {} with mask {:#010x}",
                        text(self.index), self.operation, text(self.site), self.mask, text(other.index),
                        other.operation, text(other.site), other.mask));
  finding("wrong mask",
          fmt::format("thread {} waits in {} at {} with mask {:#010x}, which names lane {}; thread {} waits at "
                      "the barrier at {} instead",
                      text(self.index), self.operation, text(self.site), self.mask, other.linear % kWarp,
                      text(other.index), text(other.site)));
}

// Runs the operation of `first`'s group if all of it has arrived.
bool resolve_group(unsigned warp, unsigned first) {
  const Thread& leader = lane(warp, first);
  WarpCall call{};
  for (unsigned other = 0; other < lanes_of(warp); ++other) {
    Thread& thread = lane(warp, other);
    if (!(leader.mask >> other & 1u) || thread.state == State::Done) continue;
    if (thread.state != State::InWarpOperation || thread.mask != leader.mask || thread.resolve != leader.resolve)
      return false;
    call.lanes |= 1u << other;
    call.payload[other] = thread.payload;
  }
  block.resolving_warp = warp;
  if (leader.resolve) leader.resolve(call);
  for (unsigned other = 0; other < lanes_of(warp); ++other) {
    if (call.lanes >> other & 1u) lane(warp, other).state = State::Ready;
  }
  if (observer) observer->warp_synchronised(warp, call.lanes);
  return true;
}

bool resolve_warp(unsigned warp) {
  bool any = false;
  for (unsigned index = 0; index < lanes_of(warp); ++index) {
    if (lane(warp, index).state == State::InWarpOperation) any |= resolve_group(warp, index);
  }
  return any;
}

// ---- scheduling ----

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

// Every warp has run as far as it can. True if the block is finished.
bool all_done_or_barrier() {
  unsigned done = 0;
  for (unsigned i = 0; i < block.size; ++i) {
    const Thread& thread = block.threads[i];
    if (thread.state == State::InWarpOperation) stuck_in_warp(i / kWarp, i % kWarp);
    done += thread.state == State::Done;
  }
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
    if (state == State::Ready || state == State::AtBarrier || state == State::InWarpOperation)
      resume(block.threads[i].fiber);
  }
}

void run_block(uint3 index) {
  block_index = index;
  start_shared_memory(block.launch->dynamic_shared_bytes);
  start_copies(block.size);
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

void warp_collective(const char* name, std::uint32_t mask, Resolve resolve, void* payload, Site site) {
  require_thread(name);
  Thread& self = *block.current;
  if (!(mask >> self.linear % kWarp & 1u)) {
    const EngineCall engine;
    finding("wrong mask", fmt::format("{} at {} with mask {:#010x}, which lacks the calling lane ({})", name,
                                      text(site), mask, self.linear % kWarp));
  }
  self.operation = name;
  self.mask = mask;
  self.resolve = resolve;
  self.payload = payload;
  wait(State::InWarpOperation, site);
}

void warp_finding(unsigned index, const char* kind, const char* what, unsigned other) {
  const Thread& self = lane(block.resolving_warp, index);
  finding(kind, fmt::format("thread {} in {} at {} with mask {:#010x} {} {}", text(self.index), self.operation,
                            text(self.site), self.mask, what, other));
}

void trap(const char* what, Site site) {
  const EngineCall engine;
  require_thread(what);
  fmt::print(stderr, "palimpsest emulator: trap: {}: {} at {}\n", running(), what, text(site));
  throw Trapped{};
}

}  // namespace palimpsest::simt
