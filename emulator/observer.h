#pragma once
// Hooks of the race detector (race_detector.cpp, linked only in racecheck builds), and marks on memory for it and for
// AddressSanitizer.
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "sanitizers.h"

namespace palimpsest::simt {

using Site = std::source_location;

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void launch_started() = 0;
  virtual void block_started(unsigned threads) = 0;
  virtual void block_ended() = 0;
  virtual void block_barrier() = 0;
  virtual void warp_synchronised(unsigned warp, std::uint32_t lanes) = 0;
  // Contents: unknown (allocated, or an asynchronous copy under way), or written by a copy.
  virtual void undefined(const void* address, std::size_t bytes) = 0;
  virtual void defined(const void* address, std::size_t bytes) = 0;
  // Barriers of some of the block's threads, each with an address: what a thread has done before it releases comes
  // before what another does after it has acquired, once the phase is complete.
  virtual void release(const void* barrier, unsigned thread) = 0;
  virtual void phase_completed(const void* barrier) = 0;
  virtual void acquire(const void* barrier, unsigned thread) = 0;
  // A barrier's own memory: written by the thread that makes it, then changed atomically.
  virtual void barrier_access(unsigned thread, const Site& site, const void* barrier, bool first) = 0;
  // Accesses of shared memory by copies and products, which the thread issued. They do not see ordinary writes that no
  // fence was for. A copy's target is undefined until it arrives.
  virtual void fence_shared(unsigned thread) = 0;
  virtual void async_read(unsigned thread, const Site& site, const void* address, std::size_t bytes) = 0;
  virtual std::uint64_t async_write(unsigned thread, const Site& site, const void* address, std::size_t bytes) = 0;
  virtual void arrived(std::uint64_t write, const void* address, std::size_t bytes) = 0;
  // No thread may access these bytes: gaps between arrays, the rest of an allocation's last page.
  virtual void forbidden(const void* address, std::size_t bytes) = 0;
};

extern Observer* observer;  // null outside racecheck builds

// While the engine works for a thread. The linker may give it instrumented copies of the standard library's templates,
// whose accesses do not belong to a kernel.
inline int engine_calls = 0;
struct EngineCall {
  EngineCall() { ++engine_calls; }
  ~EngineCall() { --engine_calls; }
  EngineCall(const EngineCall&) = delete;
  EngineCall& operator=(const EngineCall&) = delete;
};

inline void forbid(const void* address, std::size_t bytes) {
  poison_addresses(address, bytes);
  if (observer) observer->forbidden(address, bytes);
}
// The bytes may be accessed and are undefined.
inline void allow(const void* address, std::size_t bytes) {
  unpoison_addresses(address, bytes);
  if (observer) observer->undefined(address, bytes);
}

}  // namespace palimpsest::simt
