#pragma once
// Hooks of the race detector (race_detector.cpp, linked only in racecheck builds), and marks on memory for it and for
// AddressSanitizer.
#include <cstddef>
#include <cstdint>

#include "sanitizers.h"

namespace palimpsest::simt {

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
