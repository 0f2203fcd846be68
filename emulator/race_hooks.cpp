// The calls that clang's -fsanitize=thread inserts before every access. Only its instrumentation is used:
// ThreadSanitizer's own runtime does not model blocks and warps, and supports at most 255 threads at a time.
#include <cstddef>
#include <cstring>

#include "race_detector.h"
#include "simt/atomics.h"

using palimpsest::simt::Access;
using palimpsest::simt::record_access;

namespace palimpsest::simt {
void atomic_access(void* address, std::size_t bytes) {
  record_access(address, bytes, Access::Atomic, __builtin_return_address(0));
}
}  // namespace palimpsest::simt

#define HOOK(name, bytes, access)                                       \
  void name(void* address) {                                            \
    record_access(address, bytes, access, __builtin_return_address(0)); \
  }
#define HOOKS(bytes)                                      \
  HOOK(__tsan_read##bytes, bytes, Access::Read)           \
  HOOK(__tsan_write##bytes, bytes, Access::Write)         \
  HOOK(__tsan_unaligned_read##bytes, bytes, Access::Read) \
  HOOK(__tsan_unaligned_write##bytes, bytes, Access::Write)

extern "C" {
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_init() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
  record_access(from, bytes, Access::Read, __builtin_return_address(0));
  record_access(to, bytes, Access::Write, __builtin_return_address(0));
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
  record_access(from, bytes, Access::Read, __builtin_return_address(0));
  record_access(to, bytes, Access::Write, __builtin_return_address(0));
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, std::size_t bytes) {
  record_access(to, bytes, Access::Write, __builtin_return_address(0));
  return std::memset(to, value, bytes);
}
}
