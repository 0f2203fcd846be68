// Operations of a warp: which lanes take part, and when all of them have arrived.
#include <fmt/format.h>

#include <bit>

#include "block.h"
#include "block_state.h"
#include "observer.h"
#include "report.h"
#include "simt/work.h"

namespace palimpsest::simt {

namespace {

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

}  // namespace

void stuck_in_warp(unsigned warp, unsigned waiting) {
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
                      "{} instead",
                      text(self.index), self.operation, text(self.site), self.mask, other.linear % kWarp,
                      text(other.index), text(other.site)));
}

bool resolve_warp(unsigned warp) {
  bool any = false;
  for (unsigned index = 0; index < lanes_of(warp); ++index) {
    if (lane(warp, index).state == State::InWarpOperation) any |= resolve_group(warp, index);
  }
  return any;
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

}  // namespace palimpsest::simt
