#include "barriers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "block.h"
#include "observer.h"
#include "report.h"
#include "shared_memory.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

constexpr unsigned kMostBytes = (1u << 20) - 1, kMostArrivals = (1u << 20) - 1;
// A barrier's memory holds this and its number, so that one that was never made, or was overwritten, is recognised.
constexpr std::uint64_t kMark = 0xba44'1e40'0000'0000u;

struct PhaseBarrier {
  Barrier* word;
  unsigned arrivals, maker;
  bool fenced = false;
  unsigned left;                      // arrivals of the present phase
  unsigned phase = 0;                 // the present one
  unsigned expected = 0, issued = 0;  // bytes of the present phase
  Site expecting{};                   // where the last were expected
  std::vector<TensorCopy> copies;     // of the present phase
  std::deque<TensorCopy> complete;    // of complete ones
  bool from_cluster = false;          // another block has arrived
  std::vector<unsigned> waiting;      // threads
  std::vector<std::int64_t> awaited;  // by thread: the last phase, -1 before the first
};
std::deque<PhaseBarrier> barriers;

struct NumberedBarrier {
  unsigned threads = 0;  // as all that have come said
  std::vector<unsigned> waiting;
  Site site{};
};
using NumberedBarriers = std::array<NumberedBarrier, 16>;
std::array<NumberedBarriers, kMostClusterBlocks> numbered;  // by block
bool any_numbered = false;                                  // in this block

// What each thread waits for, for findings.
struct Waited {
  const PhaseBarrier* barrier;
  std::int64_t phase;
  const NumberedBarrier* numbered;
};
std::vector<Waited> waited;
Waited& waited_by(unsigned thread) {
  if (waited.size() <= thread) waited.resize(thread + std::size_t{1});
  return waited[thread];
}

[[noreturn]] void misuse(const Site& site, const Barrier* barrier, const char* what) {
  finding(
      "barrier misuse",
      fmt::format("{}: {} {}", text(site),
                  in_shared_memory(barrier) ? describe_shared(barrier) : fmt::format("{}", fmt::ptr(barrier)), what));
}

void check_address(const Barrier* barrier, const Site& site) {
  require_thread("a barrier");
  if (!in_shared_memory(barrier)) misuse(site, barrier, "is not in shared memory");
  if (!in_own_shared_memory(barrier) && block_has_ended(shared_rank(barrier)))
    misuse(site, barrier, "is of a block that has ended");
  if (reinterpret_cast<std::uintptr_t>(barrier) % 8 != 0) misuse(site, barrier, "is not aligned to 8 bytes");
  if (shared_bytes_behind(barrier) < 8) misuse(site, barrier, "is not within a shared array");
}

PhaseBarrier* made_at(const Barrier* barrier) {
  for (PhaseBarrier& made : barriers) {
    if (made.word == barrier) return &made;
  }
  return nullptr;
}

// A barrier in use by the running thread, or by its copy.
PhaseBarrier& used(Barrier* barrier, const Site& site, bool by_copy) {
  check_address(barrier, site);
  PhaseBarrier* const made = made_at(barrier);
  if (!made) misuse(site, barrier, "is not an initialised barrier");
  if (observer) observer->barrier_access(linear_thread(), site, barrier, false);
  const auto number = static_cast<std::uint64_t>(
      std::find_if(barriers.begin(), barriers.end(), [&](const PhaseBarrier& one) { return &one == made; }) -
      barriers.begin());
  if (*barrier != (kMark | number)) misuse(site, barrier, "is a barrier whose memory was overwritten");
  if (!made->fenced && (by_copy || linear_thread() != made->maker))
    finding("missing fence", fmt::format("{} uses the barrier {} before the thread that initialised it has called "
                                         "fence_barriers",
                                         text(site), describe_shared(barrier)));
  return *made;
}

// Completes the phase if all of it is in.
void settle(PhaseBarrier& barrier) {
  if (barrier.left > 0) return;
  if (barrier.issued > barrier.expected)
    finding("unexpected bytes",
            fmt::format("phase {} of the barrier {} has {} bytes of copies, the last issued at {}, and {} expected",
                        barrier.phase, describe_shared(barrier.word), barrier.issued, text(barrier.copies.back().site),
                        barrier.expected));
  if (barrier.issued < barrier.expected) return;
  ++barrier.phase;
  barrier.left = barrier.arrivals;
  barrier.expected = barrier.issued = 0;
  barrier.complete.insert(barrier.complete.end(), barrier.copies.begin(), barrier.copies.end());
  barrier.copies.clear();
  if (observer) observer->phase_completed(barrier.word);
  for (const unsigned thread : barrier.waiting) wake(thread);
  barrier.waiting.clear();
}

std::string why_phase(unsigned thread) {
  const auto& [barrier, phase, number] = waited_by(thread);
  return fmt::format("for phase {} of the barrier {}, whose phase {} has {} of {} arrivals and {} of {} bytes", phase,
                     describe_shared(barrier->word), barrier->phase, barrier->arrivals - barrier->left,
                     barrier->arrivals, barrier->issued, barrier->expected);
}
std::string why_numbered(unsigned thread) {
  const NumberedBarrier& barrier = *waited_by(thread).numbered;
  return fmt::format("at barrier {}, where {} of {} threads are",
                     (&barrier - numbered.data()->data()) % std::ptrdiff_t{16}, barrier.waiting.size(),
                     barrier.threads);
}

void arrive_with(Barrier* word, unsigned bytes, const Site& site) {
  const EngineCall engine;
  PhaseBarrier& barrier = used(word, site, false);
  if (barrier.left == 0)
    finding("too many arrivals", fmt::format("{}: phase {} of the barrier {} has all of its {}, and waits for bytes",
                                             text(site), barrier.phase, describe_shared(word), barrier.arrivals));
  if (bytes > kMostBytes || barrier.expected + bytes > kMostBytes)
    misuse(site, word, "expects 2^20 bytes or more in one phase");
  barrier.expected += bytes;
  if (bytes > 0) barrier.expecting = site;
  barrier.from_cluster |= !in_own_shared_memory(word);
  --barrier.left;
  if (observer) observer->release(word, linear_thread());
  settle(barrier);
}

// The phase that a wait means: the one after the last that the thread has waited for, or that one again. Takes it as
// awaited if it is complete.
std::int64_t phase_meant(const PhaseBarrier& barrier, unsigned parity) {
  const std::int64_t last = barrier.awaited[linear_thread()];
  return (last + 1) % 2 == parity ? last + 1 : last;
}

enum class Scope : std::uint8_t { block, cluster };

bool is_complete(PhaseBarrier& barrier, std::int64_t phase, const Site& site) {
  const std::int64_t complete = barrier.phase;  // how many
  if (complete > phase + 1)
    finding("two phases ahead",
            fmt::format("the thread waits at {} for phase {} of the barrier {}, which is in phase {}: their parities "
                        "do not tell them apart",
                        text(site), phase, describe_shared(barrier.word), complete));
  return complete == phase + 1;
}

}  // namespace

void start_barriers() {
  barriers.clear();
  if (any_numbered) numbered = {};
  any_numbered = false;
}

void check_barriers() {
  for (const PhaseBarrier& barrier : barriers) {
    const TensorCopy* const pending = !barrier.complete.empty() ? &barrier.complete.front()
                                      : !barrier.copies.empty() ? &barrier.copies.front()
                                                                : nullptr;
    if (pending)
      finding("missing wait",
              fmt::format("the block ends before its copy issued at {} is waited for, at the barrier {}",
                          text(pending->site), describe_shared(barrier.word)));
    if (barrier.expected > 0)
      finding("missing copy", fmt::format("the block ends with {} bytes expected at {} that were never copied, at the "
                                          "barrier {}",
                                          barrier.expected, text(barrier.expecting), describe_shared(barrier.word)));
  }
}

void add_copy(Barrier* word, const TensorCopy& copy, std::size_t bytes) {
  PhaseBarrier& barrier = used(word, copy.site, true);
  if (barrier.issued + bytes > kMostBytes) misuse(copy.site, word, "has copies of 2^20 bytes or more in one phase");
  barrier.issued += static_cast<unsigned>(bytes);
  barrier.copies.push_back(copy);
  if (observer) observer->release(word, copy.thread);
  settle(barrier);
}

void init_barrier(Barrier* word, unsigned arrivals, Site site) {
  const EngineCall engine;
  check_address(word, site);
  if (arrivals == 0 || arrivals > kMostArrivals) misuse(site, word, "is made for no arrivals, or 2^20 or more");
  if (made_at(word)) misuse(site, word, "is already a barrier");
  if (observer) observer->barrier_access(linear_thread(), site, word, true);
  *word = kMark | barriers.size();
  barriers.push_back({word,
                      arrivals,
                      linear_thread(),
                      false,
                      arrivals,
                      0,
                      0,
                      0,
                      {},
                      {},
                      {},
                      false,
                      {},
                      std::vector<std::int64_t>(cluster_threads(), -1)});
}

void fence_barriers(Site) {
  const EngineCall engine;
  require_thread("fence_barriers");
  for (PhaseBarrier& barrier : barriers) barrier.fenced |= barrier.maker == linear_thread();
}

void arrive(Barrier* barrier, Site site) {
  arrive_with(barrier, 0, site);
}
void arrive_expecting(Barrier* barrier, unsigned bytes, Site site) {
  arrive_with(barrier, bytes, site);
}
void arrive_at(Barrier* barrier, unsigned rank, Site site) {
  arrive_with(reinterpret_cast<Barrier*>(in_block(barrier, rank, site)), 0, site);
}

namespace {

void wait_in(Scope scope, Barrier* word, unsigned parity, const Site& site) {
  PhaseBarrier* barrier = nullptr;
  std::int64_t phase = 0;
  const auto complete = [&] {
    const EngineCall engine;
    if (!barrier) {
      barrier = &used(word, site, false);
      if (parity > 1) misuse(site, word, "is waited for with a parity that is not 0 or 1");
      if (!in_own_shared_memory(word)) misuse(site, word, "is of another block, which alone may wait for it");
      phase = phase_meant(*barrier, parity);
    }
    return is_complete(*barrier, phase, site);
  };
  while (!complete()) {
    {
      const EngineCall engine;
      barrier->waiting.push_back(linear_thread());
      waited_by(linear_thread()) = {barrier, phase, nullptr};
    }
    suspend({"wait_for", "deadlock", why_phase}, site);
  }
  const EngineCall engine;
  if (barrier->from_cluster && scope == Scope::block)
    finding("missing fence", fmt::format("{} waits for arrivals of another block without wait_for_cluster, at the "
                                         "barrier {}",
                                         text(site), describe_shared(word)));
  for (; !barrier->complete.empty(); barrier->complete.pop_front()) deliver(barrier->complete.front());
  barrier->awaited[linear_thread()] = phase;
  if (observer) observer->acquire(word, linear_thread());
}

}  // namespace

void wait_for(Barrier* word, unsigned parity, Site site) {
  wait_in(Scope::block, word, parity, site);
}
void wait_for_cluster(Barrier* word, unsigned parity, Site site) {
  wait_in(Scope::cluster, word, parity, site);
}

void sync_threads(unsigned id, unsigned threads, Site site) {
  NumberedBarrier* barrier = nullptr;
  {
    const EngineCall engine;
    require_thread("sync_threads");
    const auto refuse = [&](const std::string& why) {
      finding("barrier misuse", fmt::format("{}: barrier {} {}", text(site), id, why));
    };
    if (id == 0 || id > 15) refuse("does not exist; use 1 to 15, 0 is that of __syncthreads");
    if (threads == 0 || threads % 32 != 0 || threads > (block_threads() + 31) / 32 * 32)
      refuse(fmt::format("for {} threads: not whole warps, or more than the block has", threads));
    barrier = &numbered[rank_of(linear_thread())][id];
    any_numbered = true;
    if (!barrier->waiting.empty() && barrier->threads != threads)
      refuse(fmt::format("for {} threads, where others came for {} at {}", threads, barrier->threads,
                         text(barrier->site)));
    barrier->threads = threads;
    barrier->site = site;
    barrier->waiting.push_back(linear_thread());
    waited_by(linear_thread()) = {nullptr, 0, barrier};
    if (observer) observer->release(barrier, linear_thread());
    if (barrier->waiting.size() == threads) {
      if (observer) observer->phase_completed(barrier);
      for (const unsigned thread : barrier->waiting) {
        if (observer) observer->acquire(barrier, thread);
        if (thread != linear_thread()) wake(thread);
      }
      barrier->waiting.clear();
      return;
    }
  }
  suspend({"sync_threads", "deadlock", why_numbered}, site);
}

}  // namespace palimpsest::simt
