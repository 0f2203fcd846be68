#include "race_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "block.h"
#include "host_ranges.h"
#include "memory.h"
#include "observer.h"
#include "race_clocks.h"
#include "race_shadow.h"
#include "region.h"
#include "report.h"
#include "shared_memory.h"
#include "simt/work.h"
#include "symbolise.h"

extern "C" const char __ehdr_start;  // start of the object that contains kernels and detector

namespace palimpsest::simt {
namespace {

constexpr unsigned kWarp = 32;
constexpr std::uint32_t kSite = 0x80000000u;  // a code that is the number of a site

struct BlockStart {
  std::uint32_t segment;
  uint3 index;
};

struct State {
  std::uint32_t segment = kFirstSegment, launch_first = kFirstSegment, block_first = kFirstSegment;
  Clocks clocks;
  std::vector<BlockStart> blocks;  // of this launch, for findings
  std::vector<Site> sites;         // of the engine's accesses for threads
  std::vector<Trace> copies;       // of this block
  char* region_start = region();
  // The first read of undefined memory since the last barrier. If another thread still writes it before the next one,
  // it is a race, and the better finding; so it is kept until then.
  std::string undefined_read;
} state;

std::string where(std::uint32_t code) {
  if (code & kSite) return text(state.sites[code & ~kSite]);
  return source_line(&__ehdr_start + code);
}

std::string thread_of(const Trace& trace) {
  const std::string thread = name_of_thread(trace.thread);
  if (trace.segment >= state.block_first) return thread;
  const auto after =
      std::upper_bound(state.blocks.begin(), state.blocks.end(), trace.segment,
                       [](std::uint32_t segment, const BlockStart& start) { return segment < start.segment; });
  if (after == state.blocks.begin()) return thread;
  return fmt::format("{} of block {}", thread, text(std::prev(after)->index));
}

std::size_t offset_of(const void* address) {
  return static_cast<std::size_t>(static_cast<const char*>(address) - state.region_start);
}

std::string memory_at(const void* address) {
  return in_shared_memory(address) ? describe_shared(address) : describe(address);
}

const char* verb(Access access) {
  return access == Access::Read ? "reads" : access == Access::Write ? "writes" : "atomically changes";
}

struct Current {
  const void* address;
  Access access;
  Trace trace;
};

[[noreturn]] void race(const Current& now, const Trace& before, const char* did) {
  const char* between = before.segment < state.block_first ? "nothing orders blocks" : "no barrier in between";
  finding("data race", fmt::format("{} {} at {}; {} {} it at {}; {}", verb(now.access), memory_at(now.address),
                                   where(now.trace.code), thread_of(before), did, where(before.code), between));
}

// Whether all accesses of `lanes` of the warp up to the clock came before the current one.
bool all_ordered(const Current& now, unsigned warp, std::uint32_t lanes, std::uint32_t clock) {
  for (unsigned lane = 0; lane < kWarp; ++lane) {
    if (lanes >> lane & 1u && !state.clocks.ordered(warp * kWarp + lane, clock, now.trace.thread)) return false;
  }
  return true;
}

void check_write(const Current& now, const Cell& cell) {
  const Trace& before = cell.write;
  if (before.segment < state.launch_first || (cell.atomic && now.access == Access::Atomic)) return;
  if (before.segment >= state.block_first) {
    if (before.segment < state.segment) return;
    if (state.clocks.ordered(before.thread, before.clock, now.trace.thread)) return;
  }
  race(now, before, cell.atomic ? "atomically changed" : "wrote");
}

void check_read(const Current& now, const Cell& cell) {
  const Trace& before = cell.read;
  if (before.segment < state.launch_first) return;
  if (cell.other_blocks || before.segment < state.block_first) race(now, before, "(or another block's) read");
  if (before.segment < state.segment) return;
  if (!cell.many_warps) {
    if (!all_ordered(now, before.thread / kWarp, cell.lanes, before.clock)) race(now, before, "read");
    return;
  }
  if (!in_shared_memory(now.address)) race(now, before, "read");
  const Readers& all = readers(offset_of(now.address));
  for (unsigned warp = 0; warp < kWarp; ++warp) {
    if (!all_ordered(now, warp, all.lanes[warp], all.clock[warp])) race(now, before, "(or another warp) read");
  }
}

void add_reader(Readers& to, const Trace& read, std::uint32_t lanes) {
  to.clock[read.thread / kWarp] = read.clock;
  to.lanes[read.thread / kWarp] |= lanes;
}

void remember_read(const Current& now, Cell& cell) {
  const Trace& read = now.trace;
  const bool this_launch = cell.read.segment >= state.launch_first, this_segment = cell.read.segment == read.segment;
  const bool same_warp = this_segment && cell.read.thread / kWarp == read.thread / kWarp;
  const bool many_warps = this_segment && (cell.many_warps || !same_warp);
  const std::uint32_t lane = 1u << read.thread % kWarp;
  cell.other_blocks = this_launch && (cell.other_blocks || cell.read.segment < state.block_first);
  if (many_warps && in_shared_memory(now.address)) {
    Readers& all = readers(offset_of(now.address));
    if (!cell.many_warps) {
      all = {};
      add_reader(all, cell.read, cell.lanes);
    }
    add_reader(all, read, lane);
  }
  cell.many_warps = many_warps;
  cell.lanes = (same_warp ? cell.lanes : 0u) | lane;
  cell.read = read;
}

void access_cell(const Current& now, Cell& cell) {
  if (cell.forbidden)
    finding("out of bounds",
            fmt::format("{} {} at {}", verb(now.access), memory_at(now.address), where(now.trace.code)));
  // The host's writes to pinned memory are not tracked.
  const bool pinned = static_cast<const char*>(now.address) >= state.region_start + kPinnedBegin;
  if (now.access != Access::Write && cell.write.segment == kUndefined && !pinned && state.undefined_read.empty())
    state.undefined_read = fmt::format("thread {} {} {}, which was never written, at {}", text(thread_index),
                                       verb(now.access), memory_at(now.address), where(now.trace.code));
  check_write(now, cell);
  if (now.access == Access::Read) return remember_read(now, cell);
  check_read(now, cell);
  // What is ordered after this write is ordered after those reads too.
  cell.read = {};
  cell.lanes = 0;
  cell.many_warps = cell.other_blocks = false;
  cell.write = now.trace;
  cell.atomic = now.access == Access::Atomic;
  cell.async = false;
}

// Copies and products do not see ordinary writes that no fence was for.
void check_fence(const Current& now, const Cell& cell) {
  const Trace& write = cell.write;
  if (cell.async || write.segment < state.block_first) return;
  if (state.clocks.fenced(write.thread, write.segment, write.clock, now.trace.thread)) return;
  finding("missing fence", fmt::format("{} at {} uses {}, which {} wrote at {}; no fence_shared in between",
                                       now.access == Access::Read ? "the product" : "the copy", where(now.trace.code),
                                       memory_at(now.address), thread_of(write), where(write.code)));
}

// A library call in a stream, or a kernel argument's copy: no thread, hence no race, but contents.
void access_by_host(const Current& now, Cell& cell) {
  if (cell.forbidden)
    finding("out of bounds", fmt::format("{} touches {}", where(now.trace.code), memory_at(now.address)));
  if (now.access == Access::Write) {
    cell.write = {kByHost, 0, 0, now.trace.code};
  } else if (cell.write.segment == kUndefined && in_device_region(now.address)) {
    finding("uninitialised read",
            fmt::format("{} reads {}, which was never written", where(now.trace.code), memory_at(now.address)));
  }
}

// Calls visit(cell, address) for the words, or for the bytes of partially accessed words.
template <typename Visit>
void for_cells(const void* address, std::size_t bytes, const Visit& visit) {
  const char* start = state.region_start;
  std::size_t offset = static_cast<std::size_t>(static_cast<const char*>(address) - start);
  const std::size_t end = offset + bytes;
  while (offset < end) {
    if (offset % 4 == 0 && end - offset >= 4 && !is_split(offset)) {
      visit(*word_cell(offset), start + offset);
      offset += 4;
    } else {
      if (!is_split(offset)) split(offset);
      visit(*byte_cell(offset), start + offset);
      ++offset;
    }
  }
}

void set(const void* address, std::size_t bytes, std::uint32_t segment, bool forbidden) {
  Cell fresh{};
  fresh.write.segment = segment;
  fresh.forbidden = forbidden;
  const std::size_t begin = static_cast<std::size_t>(static_cast<const char*>(address) - state.region_start);
  for (std::size_t offset = (begin + 3) / 4 * 4; offset + 4 <= begin + bytes; offset += 4) unsplit(offset);
  for_cells(address, bytes, [&](Cell& cell, const char*) { cell = fresh; });
}

// Of the engine for a thread.
Trace trace_of(unsigned thread, const Site& site) {
  std::size_t number = 0;
  while (number < state.sites.size() && !same_line(state.sites[number], site)) ++number;
  if (number == state.sites.size()) state.sites.push_back(site);
  return {state.segment, thread, state.clocks.of(thread), kSite | static_cast<std::uint32_t>(number)};
}

void async_access(Current now, std::size_t bytes) {
  for_cells(now.address, bytes, [&](Cell& cell, const char* at) {
    now.address = at;
    const Cell before = cell;
    access_cell(now, cell);
    if (in_shared_memory(at)) check_fence(now, before);
  });
}

void report_undefined_read() {
  if (!state.undefined_read.empty()) finding("uninitialised read", state.undefined_read);
}

class Detector : public Observer {
 public:
  Detector() { observer = this; }
  void launch_started() override {
    if (state.segment > 0xf0000000u)
      finding("emulator", "the race detector has run out of numbers for barrier intervals");
    state.launch_first = state.block_first = ++state.segment;
    state.blocks.clear();
  }
  void block_started(unsigned threads) override {
    state.block_first = ++state.segment;
    state.blocks.push_back({state.segment, block_index});
    state.clocks.start_block(threads, state.segment);
    state.copies.clear();
  }
  void block_ended() override { report_undefined_read(); }
  void block_barrier() override {
    report_undefined_read();
    state.clocks.start_segment(++state.segment);
  }
  void warp_synchronised(unsigned warp, std::uint32_t lanes) override { state.clocks.warp_synchronised(warp, lanes); }
  void release(const void* barrier, unsigned thread) override { state.clocks.release(barrier, thread); }
  void phase_completed(const void* barrier) override { state.clocks.complete(barrier); }
  void acquire(const void* barrier, unsigned thread) override { state.clocks.acquire(barrier, thread); }
  void fence_shared(unsigned thread) override { state.clocks.fence(thread); }
  void barrier_access(unsigned thread, const Site& site, const void* barrier, bool first) override {
    Current now{barrier, first ? Access::Write : Access::Atomic, trace_of(thread, site)};
    for_cells(barrier, 8, [&](Cell& cell, const char* at) {
      now.address = at;
      access_cell(now, cell);
    });
  }
  void async_read(unsigned thread, const Site& site, const void* address, std::size_t bytes) override {
    async_access({address, Access::Read, trace_of(thread, site)}, bytes);
  }
  std::uint64_t async_write(unsigned thread, const Site& site, const void* address, std::size_t bytes) override {
    const Trace write = trace_of(thread, site);
    async_access({address, Access::Write, write}, bytes);
    for_cells(address, bytes, [&](Cell& cell, const char*) { cell.write.segment = kUndefined; });
    state.copies.push_back(write);
    return state.copies.size() - 1;
  }
  void arrived(std::uint64_t number, const void* address, std::size_t bytes) override {
    const Trace& write = state.copies[number];
    for_cells(address, bytes, [&](Cell& cell, const char* at) {
      if (cell.write.segment != kUndefined) race({at, Access::Write, write}, cell.write, "wrote");
      cell.write = write;
      cell.atomic = false;
      cell.async = true;
    });
  }
  void undefined(const void* address, std::size_t bytes) override { set(address, bytes, kUndefined, false); }
  void defined(const void* address, std::size_t bytes) override {
    if (in_region(address)) set(address, bytes, kByHost, false);
  }
  void forbidden(const void* address, std::size_t bytes) override { set(address, bytes, kUndefined, true); }
};
Detector* const detector = new Detector;  // outlives static destructors that free device memory

}  // namespace

void record_access(const void* address, std::size_t bytes, Access access, const void* return_address) {
  if (engine_calls > 0) return;
  const EngineCall engine;
  const char* code = static_cast<const char*>(return_address) - 1;  // within the call
  Current now{address, access, {kByHost, 0, 0, static_cast<std::uint32_t>(code - &__ehdr_start)}};
  if (!in_thread()) {
    if (in_region(address) && !running_launch())
      for_cells(address, bytes, [&](Cell& cell, const char* at) {
        now.address = at;
        access_by_host(now, cell);
      });
    return;
  }
  if (!in_region(address)) {
    if (!kernel_may_touch(address))
      finding("kernel touches host memory", fmt::format("{} {} at {}", verb(access), address, source_line(code)));
    return;
  }
  const unsigned thread = linear_thread();
  now.trace = {state.segment, thread, state.clocks.of(thread), now.trace.code};
  for_cells(address, bytes, [&](Cell& cell, const char* at) {
    now.address = at;
    access_cell(now, cell);
  });
}

}  // namespace palimpsest::simt
