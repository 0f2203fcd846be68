#pragma once
// The threads of the running block, or of a cluster's blocks, for the scheduler (block.cpp) and the operations that
// suspend threads.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "fiber.h"
#include "simt/launch.h"
#include "simt/threads.h"

namespace palimpsest::simt {

constexpr unsigned kWarp = 32;
// Waiting: until another thread wakes it (block.h). AtCluster: the same, until all of the cluster are there.
enum class State : std::uint8_t { Fresh, Ready, AtBarrier, AtCluster, InWarpOperation, Waiting, Done };

struct Thread {
  uint3 index{};
  unsigned linear = 0;  // within the cluster
  unsigned rank = 0;    // of its block there
  State state = State::Fresh;
  Fiber* fiber = nullptr;
  Site site{};  // where it waits
  // At a barrier.
  int vote = -1;  // none, or a Vote
  int vote_result = 0;
  bool predicate = false;
  // In a warp operation.
  const char* operation = nullptr;  // also while Waiting
  std::uint32_t mask = 0;
  Resolve resolve = nullptr;
  void* payload = nullptr;
  // While Waiting.
  const char* kind = nullptr;
  std::string (*why)(unsigned thread) = nullptr;
};

struct Block {
  const Launch* launch = nullptr;
  std::vector<Thread> threads;
  unsigned size = 0, warps = 0;  // of all blocks of the cluster
  unsigned blocks_together = 1;  // which they are
  unsigned of_each = 0;          // threads
  uint3 first_index{};           // of the cluster's first block
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
};
extern Block block;

inline unsigned lanes_of(unsigned warp) {
  return std::min(kWarp, block.size - warp * kWarp);
}
inline Thread& lane(unsigned warp, unsigned index) {
  return block.threads[warp * kWarp + index];
}

// From the running thread to the scheduler; returns when the scheduler resumes the thread.
void wait(State state, Site site);

// Runs the warp operations of a warp whose lanes have all arrived. False if there are none.
bool resolve_warp(unsigned warp);
// The lane that blocks `waiting`, and why.
[[noreturn]] void stuck_in_warp(unsigned warp, unsigned waiting);

}  // namespace palimpsest::simt
