#pragma once
// Asynchronous copies into shared memory. The target is overwritten with NaN when the copy is issued and receives its
// data, read from the source at that moment, only when the thread waits for it: a missing wait cannot go unseen.
#include "cuda_runtime.h"

namespace palimpsest::simt {

struct AsyncCopy {
  void* to;
  const void* from;
  std::size_t bytes, zero_filled;  // the last `zero_filled` of `bytes` are zeroed instead of copied
  std::size_t group;
  Site site;
};
// Checks addresses, sizes and alignment, and remembers the copy.
void issue_copy(void* to, const void* from, std::size_t bytes, std::size_t zero_filled, Site site);
void commit_copies();
// The next copy completed by a wait for all except the last `prior` groups; false when none is left.
bool next_copy(std::size_t prior, AsyncCopy& copy);

// Performed by the waiting thread in instrumented code, so that the checks see whose reads and writes they are.
inline void perform(const AsyncCopy& copy) {
  const auto* from = static_cast<const unsigned*>(copy.from);
  auto* to = static_cast<unsigned*>(copy.to);
  const std::size_t copied = copy.bytes - copy.zero_filled, words = copied / 4, rest = copied % 4;
  for (std::size_t i = 0; i < copy.bytes / 4; ++i) {
    unsigned word = 0;
    if (i < words)
      word = from[i];
    else if (i == words && rest > 0)
      std::memcpy(&word, from + i, rest);
    to[i] = word;
  }
}

}  // namespace palimpsest::simt

inline void __pipeline_memcpy_async(void* to_shared, const void* from_global, std::size_t bytes,
                                    std::size_t zero_filled = 0,
                                    palimpsest::simt::Site site = palimpsest::simt::Site::current()) {
  palimpsest::simt::issue_copy(to_shared, from_global, bytes, zero_filled, site);
}
inline void __pipeline_commit() {
  palimpsest::simt::commit_copies();
}
inline void __pipeline_wait_prior(std::size_t prior) {
  palimpsest::simt::AsyncCopy copy{};
  while (palimpsest::simt::next_copy(prior, copy)) palimpsest::simt::perform(copy);
}
