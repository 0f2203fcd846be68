#pragma once
// The sanitizers' hooks, present only in builds that link their runtime. The engine itself is not instrumented
// (except for MSan, which must see every store).
#include <cstddef>

// NOLINTBEGIN(bugprone-reserved-identifier): the runtimes chose these names
extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* save, const void** bottom, std::size_t* size);
[[gnu::weak]] void __asan_poison_memory_region(const volatile void* address, std::size_t bytes);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* address, std::size_t bytes);
[[gnu::weak]] void __msan_poison(const volatile void* address, std::size_t bytes);
[[gnu::weak]] void __msan_unpoison(const volatile void* address, std::size_t bytes);
}

namespace palimpsest::simt {

inline void poison_addresses(const void* address, std::size_t bytes) {
  if (__asan_poison_memory_region) __asan_poison_memory_region(address, bytes);
}
inline void unpoison_addresses(const void* address, std::size_t bytes) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(address, bytes);
}
inline void poison_contents(const void* address, std::size_t bytes) {
  if (__msan_poison) __msan_poison(address, bytes);
}
inline void unpoison_contents(const void* address, std::size_t bytes) {
  if (__msan_unpoison) __msan_unpoison(address, bytes);
}

}  // namespace palimpsest::simt
// NOLINTEND(bugprone-reserved-identifier)
