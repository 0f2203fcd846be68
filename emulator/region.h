#pragma once
// One reservation of address space for all kernel memory: shared, device and pinned. An address is classified by two
// comparisons, and the race detector's shadow is one multiplication away.
#include <cstddef>

namespace palimpsest::simt {

constexpr std::size_t kGiB = std::size_t{1} << 30;
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define SIMT_SMALL_REGION
#endif
#endif
#ifdef SIMT_SMALL_REGION
constexpr std::size_t kDeviceSpace = 64 * kGiB;  // MSan keeps a shadow of all of it
#else
constexpr std::size_t kDeviceSpace = 256 * kGiB;
#endif
constexpr std::size_t kSharedBegin = 4096, kSharedEnd = kSharedBegin + (std::size_t{512} << 10);
constexpr std::size_t kDeviceBegin = std::size_t{1} << 20, kDeviceEnd = kDeviceBegin + kDeviceSpace;
constexpr std::size_t kPinnedBegin = kDeviceEnd, kPinnedEnd = kPinnedBegin + kDeviceSpace / 4;
constexpr std::size_t kRegionBytes = kPinnedEnd;

char* region();  // reserved at the first call

inline bool in_region(const void* address) {
  return static_cast<std::size_t>(static_cast<const char*>(address) - region()) < kRegionBytes;
}

}  // namespace palimpsest::simt
