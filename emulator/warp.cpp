// The results of each warp operation once all of its lanes have arrived.
#include <bit>

#include "simt/threads.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

template <typename Lane>
Lane& payload(const WarpCall& call, unsigned lane) {
  return *static_cast<Lane*>(call.payload[lane]);
}

// The lane that `lane` reads, as the PTX ISA defines it for shfl.sync; its own if the source is outside its
// segment.
unsigned source(Move move, unsigned lane, const Shuffle& own) {
  const int width = own.width, self = static_cast<int>(lane), segment = self / width * width;
  int from = self;
  switch (move) {
    case Move::Index:
      return static_cast<unsigned>(segment + (own.argument & (width - 1)));
    case Move::Up:
      from = self - own.argument;
      return static_cast<unsigned>(from < segment ? self : from);
    case Move::Down:
      from = self + own.argument;
      break;
    case Move::Xor:
      from = self ^ own.argument;
      break;
  }
  return static_cast<unsigned>(from >= segment + width || own.argument < 0 || own.argument > 31 ? self : from);
}

template <Move move>
void resolve_shuffle(WarpCall& call) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    if (!(call.lanes >> lane & 1u)) continue;
    Shuffle& own = payload<Shuffle>(call, lane);
    if (own.width < 1 || own.width > 32 || !std::has_single_bit(static_cast<unsigned>(own.width)))
      warp_finding(lane, "wrong width",
                   "has a width that is not a power of two up to 32:", static_cast<unsigned>(own.width));
    const unsigned from = source(move, lane, own);
    if (!(call.lanes >> from & 1u)) warp_finding(lane, "inactive lane", "reads inactive lane", from);
    own.result = payload<Shuffle>(call, from).value;
  }
}

struct Ballot {
  bool predicate;
  std::uint32_t result;
};
void resolve_ballot(WarpCall& call) {
  std::uint32_t votes = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if (call.lanes >> lane & 1u && payload<Ballot>(call, lane).predicate) votes |= 1u << lane;
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    if (call.lanes >> lane & 1u) payload<Ballot>(call, lane).result = votes;
  }
}

struct Match {
  std::uint64_t value;
  std::uint32_t result;
};
void resolve_match(WarpCall& call) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    if (!(call.lanes >> lane & 1u)) continue;
    Match& own = payload<Match>(call, lane);
    own.result = 0;
    for (unsigned other = 0; other < 32; ++other) {
      if (call.lanes >> other & 1u && payload<Match>(call, other).value == own.value) own.result |= 1u << other;
    }
  }
}

// A separate resolver, so that a barrier and another operation are not considered the same.
void resolve_barrier(WarpCall&) {}

}  // namespace

void shuffle(Move move, const char* name, std::uint32_t mask, Shuffle& lane, Site site) {
  constexpr Resolve resolvers[] = {resolve_shuffle<Move::Index>, resolve_shuffle<Move::Up>, resolve_shuffle<Move::Down>,
                                   resolve_shuffle<Move::Xor>};
  warp_collective(name, mask, resolvers[static_cast<int>(move)], &lane, site);
}

std::uint32_t ballot(const char* name, std::uint32_t mask, bool predicate, Site site) {
  Ballot lane{predicate, 0};
  warp_collective(name, mask, resolve_ballot, &lane, site);
  return lane.result;
}

std::uint32_t match_any(std::uint32_t mask, std::uint64_t value, Site site) {
  Match lane{value, 0};
  warp_collective("__match_any_sync", mask, resolve_match, &lane, site);
  return lane.result;
}

void warp_barrier(std::uint32_t mask, Site site) {
  warp_collective("__syncwarp", mask, resolve_barrier, nullptr, site);
}

}  // namespace palimpsest::simt
