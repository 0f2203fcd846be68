#include "async_copy.h"

#include <fmt/format.h>

#include <cstring>
#include <deque>
#include <vector>

#include "block.h"
#include "cuda_pipeline.h"
#include "memory.h"
#include "observer.h"
#include "report.h"
#include "sanitizers.h"
#include "shared_memory.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

struct Pipeline {
  std::deque<AsyncCopy> copies;
  std::size_t group = 0;  // that the next copy belongs to
};
std::vector<Pipeline> pipelines;
bool any = false;  // in this block; most kernels issue none

Pipeline& own() {
  return pipelines[linear_thread()];
}

}  // namespace

void start_copies(unsigned threads) {
  if (pipelines.size() < threads) pipelines.resize(threads);
  if (any) {
    for (Pipeline& pipeline : pipelines) pipeline = {};
  }
  any = false;
}

void require_no_copies(unsigned thread) {
  const EngineCall engine;
  if (!any || pipelines[thread].copies.empty()) return;
  const AsyncCopy& copy = pipelines[thread].copies.front();
  finding("missing wait",
          fmt::format("the thread exits without waiting for its asynchronous copy issued at {} ({} left)",
                      text(copy.site), pipelines[thread].copies.size()));
}

void issue_copy(void* to, const void* from, std::size_t bytes, std::size_t zero_filled, Site site) {
  const EngineCall engine;
  if (!in_thread()) finding("misuse", "__pipeline_memcpy_async outside a kernel");
  const auto fail = [&](const char* what) {
    finding("invalid asynchronous copy",
            fmt::format("{}: {} (target {}, source {}, {} bytes)", text(site), what, to, from, bytes));
  };
  if (bytes != 4 && bytes != 8 && bytes != 16) fail("the size is not 4, 8 or 16");
  if (zero_filled > bytes) fail("more bytes zeroed than copied");
  if (reinterpret_cast<std::uintptr_t>(to) % bytes != 0) fail("the target is not aligned to the size");
  if (reinterpret_cast<std::uintptr_t>(from) % bytes != 0) fail("the source is not aligned to the size");
  if (!in_own_shared_memory(to)) fail("the target is not in shared memory");
  // If all of it is zeroed, the source is not read.
  if (zero_filled < bytes && bytes_behind(from) < bytes - zero_filled)
    finding("illegal address", fmt::format("asynchronous copy at {} reads {} bytes at {}", text(site),
                                           bytes - zero_filled, describe(from)));
  std::memset(to, 0xFF, bytes);
  poison_contents(to, bytes);
  if (observer) observer->undefined(to, bytes);
  any = true;
  own().copies.push_back({to, from, bytes, zero_filled, own().group, site});
}

void commit_copies() {
  ++own().group;
}

// Groups are numbered from 0; the last committed is group - 1. Copies not yet committed are never waited for.
bool next_copy(std::size_t prior, AsyncCopy& copy) {
  const EngineCall engine;
  Pipeline& pipeline = own();
  if (pipeline.copies.empty() || pipeline.copies.front().group + prior >= pipeline.group) return false;
  copy = pipeline.copies.front();
  pipeline.copies.pop_front();
  return true;
}

}  // namespace palimpsest::simt
