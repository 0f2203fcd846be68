#pragma once
// Atomics on integers. The threads of a launch run on one OS thread, so plain arithmetic is atomic; the race detector
// is notified. Floating-point atomics are rejected: their result depends on the order of the threads.
#include <cstddef>

namespace palimpsest::simt {

#ifdef PALIMPSEST_RACECHECK
void atomic_access(void* address, std::size_t bytes);
#else
inline void atomic_access(void*, std::size_t) {}
#endif

template <typename T>
concept AtomicInteger = __is_same(T, int) || __is_same(T, unsigned) || __is_same(T, unsigned long long);

template <AtomicInteger T, typename Update>
__attribute__((no_sanitize("thread"))) T atomic_update(T* address, Update update) {
  atomic_access(address, sizeof(T));
  const T old = *address;
  *address = update(old);
  return old;
}

}  // namespace palimpsest::simt

template <palimpsest::simt::AtomicInteger T>
T atomicAdd(T* address, T value) {
  // Unsigned arithmetic: a signed sum wraps on the GPU.
  return palimpsest::simt::atomic_update(address, [value](T old) {
    return static_cast<T>(static_cast<unsigned long long>(old) + static_cast<unsigned long long>(value));
  });
}
template <palimpsest::simt::AtomicInteger T>
T atomicSub(T* address, T value) {
  return palimpsest::simt::atomic_update(address, [value](T old) {
    return static_cast<T>(static_cast<unsigned long long>(old) - static_cast<unsigned long long>(value));
  });
}
template <palimpsest::simt::AtomicInteger T>
T atomicMax(T* address, T value) {
  return palimpsest::simt::atomic_update(address, [value](T old) { return old < value ? value : old; });
}
template <palimpsest::simt::AtomicInteger T>
T atomicMin(T* address, T value) {
  return palimpsest::simt::atomic_update(address, [value](T old) { return value < old ? value : old; });
}
template <palimpsest::simt::AtomicInteger T>
T atomicExch(T* address, T value) {
  return palimpsest::simt::atomic_update(address, [value](T) { return value; });
}
template <palimpsest::simt::AtomicInteger T>
T atomicCAS(T* address, T expected, T value) {
  return palimpsest::simt::atomic_update(address, [=](T old) { return old == expected ? value : old; });
}
template <palimpsest::simt::AtomicInteger T>
T atomicAnd(T* address, T value) {
  return palimpsest::simt::atomic_update(address, [value](T old) { return old & value; });
}
template <palimpsest::simt::AtomicInteger T>
T atomicOr(T* address, T value) {
  return palimpsest::simt::atomic_update(address, [value](T old) { return old | value; });
}
template <palimpsest::simt::AtomicInteger T>
T atomicXor(T* address, T value) {
  return palimpsest::simt::atomic_update(address, [value](T old) { return old ^ value; });
}
float atomicAdd(float* address, float value) = delete;
double atomicAdd(double* address, double value) = delete;
