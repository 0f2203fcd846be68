#pragma once
// A kernel's view of its block: indices, barriers, warp operations, shared memory. Each CUDA thread that has to wait
// has its own fiber; a thread suspends only in a barrier or a warp operation.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "simt/vectors.h"

namespace palimpsest::simt {

using Site = std::source_location;

// Rewritten at every switch between threads.
extern uint3 thread_index, block_index;
extern dim3 block_size, grid_size;

// Waits for every thread of the block that has not exited; all of them must come from the same line.
void block_barrier(Site site);
enum class Vote { Count, And, Or };
int block_vote(Vote vote, bool predicate, Site site);

// One warp operation, shared by all participating lanes once the last of them has arrived.
struct WarpCall {
  std::uint32_t lanes;  // bits of the participating lanes: in the mask, in the block, not exited
  void* payload[32];    // the operand of each
};
using Resolve = void (*)(WarpCall& call);
// Suspends until every lane of `mask` has called with the same mask and the same operation, then runs `resolve` once.
void warp_collective(const char* name, std::uint32_t mask, Resolve resolve, void* payload, Site site);
// For `resolve`: the operation has no defined result in this lane. Does not return.
[[noreturn]] void warp_finding(unsigned lane, const char* kind, const char* text, unsigned other_lane);

void* shared_array(const void* slot, std::size_t bytes, std::size_t alignment, const char* name, Site site);
void* dynamic_shared();
[[noreturn]] void trap(const char* what, Site site);

struct Shuffle {
  std::uint64_t value, result;
  int argument, width;
};
enum class Move { Index, Up, Down, Xor };
void shuffle(Move move, const char* name, std::uint32_t mask, Shuffle& lane, Site site);

template <typename T>
T shuffled(Move move, const char* name, std::uint32_t mask, T value, int argument, int width, Site site) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  Shuffle lane{0, 0, argument, width};
  std::memcpy(&lane.value, &value, sizeof value);
  shuffle(move, name, mask, lane, site);
  std::memcpy(&value, &lane.result, sizeof value);
  return value;
}
std::uint32_t ballot(const char* name, std::uint32_t mask, bool predicate, Site site);
std::uint32_t match_any(std::uint32_t mask, std::uint64_t value, Site site);
void warp_barrier(std::uint32_t mask, Site site);

}  // namespace palimpsest::simt

inline constexpr const uint3& threadIdx = palimpsest::simt::thread_index;
inline constexpr const uint3& blockIdx = palimpsest::simt::block_index;
inline constexpr const dim3& blockDim = palimpsest::simt::block_size;
inline constexpr const dim3& gridDim = palimpsest::simt::grid_size;
inline constexpr int warpSize = 32;

#define SIMT_SITE palimpsest::simt::Site site = palimpsest::simt::Site::current()

inline void __syncthreads(SIMT_SITE) {
  palimpsest::simt::block_barrier(site);
}
inline int __syncthreads_count(int predicate, SIMT_SITE) {
  return palimpsest::simt::block_vote(palimpsest::simt::Vote::Count, predicate != 0, site);
}
inline int __syncthreads_and(int predicate, SIMT_SITE) {
  return palimpsest::simt::block_vote(palimpsest::simt::Vote::And, predicate != 0, site);
}
inline int __syncthreads_or(int predicate, SIMT_SITE) {
  return palimpsest::simt::block_vote(palimpsest::simt::Vote::Or, predicate != 0, site);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, SIMT_SITE) {
  palimpsest::simt::warp_barrier(mask, site);
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source_lane, int width = 32, SIMT_SITE) {
  return palimpsest::simt::shuffled(palimpsest::simt::Move::Index, "__shfl_sync", mask, value, source_lane, width,
                                    site);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_SITE) {
  return palimpsest::simt::shuffled(palimpsest::simt::Move::Up, "__shfl_up_sync", mask, value, static_cast<int>(delta),
                                    width, site);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_SITE) {
  return palimpsest::simt::shuffled(palimpsest::simt::Move::Down, "__shfl_down_sync", mask, value,
                                    static_cast<int>(delta), width, site);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, SIMT_SITE) {
  return palimpsest::simt::shuffled(palimpsest::simt::Move::Xor, "__shfl_xor_sync", mask, value, lane_mask, width,
                                    site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, SIMT_SITE) {
  return palimpsest::simt::ballot("__ballot_sync", mask, predicate != 0, site);
}
inline int __any_sync(unsigned mask, int predicate, SIMT_SITE) {
  return palimpsest::simt::ballot("__any_sync", mask, predicate != 0, site) != 0;
}
inline int __all_sync(unsigned mask, int predicate, SIMT_SITE) {
  return palimpsest::simt::ballot("__all_sync", mask, predicate == 0, site) == 0;
}
template <typename T>
unsigned __match_any_sync(unsigned mask, T value, SIMT_SITE) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return palimpsest::simt::match_any(mask, bits, site);
}
inline void __trap(SIMT_SITE) {
  palimpsest::simt::trap("__trap()", site);
}

#undef SIMT_SITE
