#include "race_clocks.h"

#include <algorithm>
#include <utility>

#include "race_shadow.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

void raise(std::vector<std::uint32_t>& to, const std::vector<std::uint32_t>& from) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = std::max(to[i], from[i]);
}

}  // namespace

void Clocks::start_block(unsigned threads, std::uint32_t segment) {
  threads_ = threads;
  segment_ = segment;
  const std::size_t warps = (threads + kWarp - 1) / kWarp;
  if (warps_.size() < warps) warps_.resize(warps);
  known_.clear();
  points_.clear();
}

void Clocks::start_segment(std::uint32_t segment) {
  if (!known_.empty()) {  // what one knows to be fenced, all do now
    Knowledge all;
    for (unsigned thread = 0; thread < threads_; ++thread) join(all, known_by(thread));
    for (Knowledge& knowledge : known_) {
      knowledge.fence_segment = all.fence_segment;
      knowledge.fenced = all.fenced;
    }
  }
  segment_ = segment;
}

Clocks::Warp& Clocks::warp(unsigned index) {
  Warp& one = warps_[index];
  if (one.segment != segment_) {
    one.segment = segment_;
    one.now = 1;
    one.clock.fill(1);
    for (auto& row : one.seen) row.fill(0);
  }
  return one;
}

std::uint32_t Clocks::of(unsigned thread) {
  return warp(thread / kWarp).clock[thread % kWarp];
}

void Clocks::refresh(Knowledge& knowledge) const {
  if (knowledge.segment == segment_) return;
  knowledge.segment = segment_;
  knowledge.seen.assign(threads_, 0);
}

void Clocks::join(Knowledge& into, const Knowledge& from) const {
  refresh(into);
  if (from.segment == segment_) raise(into.seen, from.seen);
  if (from.fence_segment > into.fence_segment) {
    into.fence_segment = from.fence_segment;
    into.fenced = from.fenced;
  } else if (from.fence_segment == into.fence_segment && !from.fenced.empty()) {
    raise(into.fenced, from.fenced);
  }
}

Clocks::Knowledge& Clocks::known_by(unsigned thread) {
  if (known_.empty()) known_.resize(threads_);
  refresh(known_[thread]);
  return known_[thread];
}

// What a thread knows, and what it has done itself.
Clocks::Knowledge Clocks::view(unsigned thread) {
  Knowledge knowledge = known_by(thread);
  const unsigned first = thread / kWarp * kWarp;
  const Warp& own = warp(thread / kWarp);
  for (unsigned lane = 0; lane < kWarp && first + lane < threads_; ++lane)
    knowledge.seen[first + lane] = std::max(knowledge.seen[first + lane], own.seen[thread % kWarp][lane]);
  knowledge.seen[thread] = own.now;
  return knowledge;
}

Clocks::Point& Clocks::point(const void* key) {
  for (Point& one : points_) {
    if (one.key == key) return one;
  }
  return points_.emplace_back(Point{key, {}, {}});
}

void Clocks::warp_synchronised(unsigned index, std::uint32_t lanes) {
  Warp& own = warp(index);
  std::array<std::uint32_t, kWarp> together{};
  for (unsigned lane = 0; lane < kWarp; ++lane) {
    if (!(lanes >> lane & 1u)) continue;
    for (unsigned i = 0; i < kWarp; ++i) together[i] = std::max(together[i], own.seen[lane][i]);
  }
  for (unsigned lane = 0; lane < kWarp; ++lane) {
    if (lanes >> lane & 1u) together[lane] = own.now;  // everything a lane has done so far
  }
  if (++own.now >= 1u << kClockBits)
    finding("emulator", "the race detector has run out of numbers for warp operations");
  for (unsigned lane = 0; lane < kWarp; ++lane) {
    if (!(lanes >> lane & 1u)) continue;
    own.seen[lane] = together;
    own.clock[lane] = own.now;
  }
  if (known_.empty()) return;
  Knowledge all;
  const auto each = [&](const auto& visit) {
    for (unsigned lane = 0; lane < kWarp && index * kWarp + lane < threads_; ++lane) {
      if (lanes >> lane & 1u) visit(known_by(index * kWarp + lane));
    }
  };
  each([&](const Knowledge& one) { join(all, one); });
  each([&](Knowledge& one) { one = all; });
}

void Clocks::release(const void* key, unsigned thread) {
  join(point(key).pending, view(thread));
  Warp& own = warp(thread / kWarp);
  if (++own.now >= 1u << kClockBits) finding("emulator", "the race detector has run out of numbers for barriers");
  own.clock[thread % kWarp] = own.now;
}

void Clocks::complete(const void* key) {
  Point& one = point(key);
  one.complete = std::move(one.pending);
  one.pending = {};
}

void Clocks::acquire(const void* key, unsigned thread) {
  join(known_by(thread), point(key).complete);
}

void Clocks::fence(unsigned thread) {
  const Knowledge now = view(thread);
  Knowledge& own = known_by(thread);
  if (own.fence_segment < segment_) own.fenced.assign(threads_, 0);
  own.fence_segment = segment_;
  raise(own.fenced, now.seen);
  Warp& of_thread = warp(thread / kWarp);
  of_thread.clock[thread % kWarp] = ++of_thread.now;  // later writes are not fenced
}

bool Clocks::ordered(unsigned before, std::uint32_t clock, unsigned after) const {
  if (before == after) return true;
  const Warp& own = warps_[after / kWarp];
  if (before / kWarp == after / kWarp && own.segment == segment_ && own.seen[after % kWarp][before % kWarp] >= clock)
    return true;
  return !known_.empty() && known_[after].segment == segment_ && known_[after].seen[before] >= clock;
}

bool Clocks::fenced(unsigned before, std::uint32_t segment, std::uint32_t clock, unsigned after) const {
  if (known_.empty()) return false;
  const Knowledge& own = known_[after];
  return segment < own.fence_segment || (segment == own.fence_segment && own.fenced[before] >= clock);
}

}  // namespace palimpsest::simt
