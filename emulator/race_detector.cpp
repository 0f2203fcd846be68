#include "race_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "block.h"
#include "host_ranges.h"
#include "memory.h"
#include "observer.h"
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

// Vector clocks of a warp: all accesses of lane j up to clock seen[i][j] came before lane i's next.
struct WarpClocks {
  std::uint32_t segment = 0;  // the clocks restart at every barrier
  std::uint16_t now = 1;
  std::array<std::uint16_t, kWarp> clock{};
  std::array<std::array<std::uint16_t, kWarp>, kWarp> seen{};
};

struct BlockStart {
  std::uint32_t segment;
  uint3 index;
};

struct State {
  std::uint32_t segment = kFirstSegment, launch_first = kFirstSegment, block_first = kFirstSegment;
  std::vector<WarpClocks> warps;
  std::vector<BlockStart> blocks;  // of this launch, for findings
  char* region_start = region();
  // The first read of undefined memory since the last barrier. If another thread still writes it before the next one,
  // it is a race, and the better finding; so it is kept until then.
  std::string undefined_read;
} state;

WarpClocks& clocks_of(unsigned warp) {
  WarpClocks& clocks = state.warps[warp];
  if (clocks.segment != state.segment) {
    clocks.segment = state.segment;
    clocks.now = 1;
    clocks.clock.fill(1);
    for (auto& row : clocks.seen) row.fill(0);
  }
  return clocks;
}

std::string where(std::uint32_t code) {
  return source_line(&__ehdr_start + code);
}

std::string thread_of(const Trace& trace) {
  const unsigned x = block_size.x, y = block_size.y, i = trace.thread;
  const std::string thread = fmt::format("thread {}", text(uint3{i % x, i / x % y, i / (x * y)}));
  if (trace.segment >= state.block_first) return thread;
  const auto after =
      std::upper_bound(state.blocks.begin(), state.blocks.end(), trace.segment,
                       [](std::uint32_t segment, const BlockStart& start) { return segment < start.segment; });
  if (after == state.blocks.begin()) return thread;
  return fmt::format("{} of block {}", thread, text(std::prev(after)->index));
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

// Whether all accesses of `lanes` of the trace's warp up to its clock came before the current one.
bool ordered_in_warp(const Current& now, const Trace& before, std::uint32_t lanes) {
  const unsigned warp = now.trace.thread / kWarp, self = now.trace.thread % kWarp;
  if (before.thread / kWarp != warp || state.warps[warp].segment != state.segment) return false;
  const auto& seen = state.warps[warp].seen[self];
  for (unsigned lane = 0; lane < kWarp; ++lane) {
    if (lanes >> lane & 1u && lane != self && seen[lane] < before.clock) return false;
  }
  return true;
}

void check_write(const Current& now, const Cell& cell) {
  const Trace& before = cell.write;
  if (before.segment < state.launch_first || (cell.atomic && now.access == Access::Atomic)) return;
  if (before.segment >= state.block_first) {
    if (before.segment < state.segment || before.thread == now.trace.thread) return;
    if (ordered_in_warp(now, before, 1u << before.thread % kWarp)) return;
  }
  race(now, before, cell.atomic ? "atomically changed" : "wrote");
}

void check_read(const Current& now, const Cell& cell) {
  const Trace& before = cell.read;
  if (before.segment < state.launch_first) return;
  if (cell.other_blocks || before.segment < state.block_first) race(now, before, "(or another block's) read");
  if (before.segment < state.segment) return;
  const std::uint32_t others =
      cell.lanes & ~(before.thread / kWarp == now.trace.thread / kWarp ? 1u << now.trace.thread % kWarp : 0u);
  if (!cell.many_warps && (others == 0 || ordered_in_warp(now, before, others))) return;
  race(now, before, "read");
}

void remember_read(const Trace& now, Cell& cell) {
  const bool this_launch = cell.read.segment >= state.launch_first, this_segment = cell.read.segment == now.segment;
  const bool same_warp = this_segment && cell.read.thread / kWarp == now.thread / kWarp;
  cell.other_blocks = this_launch && (cell.other_blocks || cell.read.segment < state.block_first);
  cell.many_warps = this_segment && (cell.many_warps || !same_warp);
  cell.lanes = (same_warp ? cell.lanes : 0u) | 1u << now.thread % kWarp;
  cell.read = now;
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
  if (now.access == Access::Read) return remember_read(now.trace, cell);
  check_read(now, cell);
  cell.write = now.trace;
  cell.atomic = now.access == Access::Atomic;
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
    if (state.warps.size() < (threads + kWarp - 1) / kWarp) state.warps.resize((threads + kWarp - 1) / kWarp);
  }
  void block_ended() override { report_undefined_read(); }
  void block_barrier() override {
    report_undefined_read();
    ++state.segment;
  }
  void warp_synchronised(unsigned warp, std::uint32_t lanes) override {
    WarpClocks& clocks = clocks_of(warp);
    std::array<std::uint16_t, kWarp> together{};
    for (unsigned lane = 0; lane < kWarp; ++lane) {
      if (!(lanes >> lane & 1u)) continue;
      for (unsigned i = 0; i < kWarp; ++i) together[i] = std::max(together[i], clocks.seen[lane][i]);
    }
    for (unsigned lane = 0; lane < kWarp; ++lane) {
      if (lanes >> lane & 1u) together[lane] = clocks.now;  // everything a lane has done so far
    }
    ++clocks.now;
    for (unsigned lane = 0; lane < kWarp; ++lane) {
      if (!(lanes >> lane & 1u)) continue;
      clocks.seen[lane] = together;
      clocks.clock[lane] = clocks.now;
    }
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
  const WarpClocks& clocks = state.warps[thread / kWarp];
  now.trace.segment = state.segment;
  now.trace.thread = static_cast<std::uint16_t>(thread);
  now.trace.clock = clocks.segment == state.segment ? clocks.clock[thread % kWarp] : 1;
  for_cells(address, bytes, [&](Cell& cell, const char* at) {
    now.address = at;
    access_cell(now, cell);
  });
}

}  // namespace palimpsest::simt
