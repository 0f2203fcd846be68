#pragma once
// Where the race detector listens (race_detector.cpp, linked in racecheck builds only).
#include <cstddef>
#include <cstdint>

namespace palimpsest::simt {

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void launch_started() = 0;
  virtual void launch_ended() = 0;
  virtual void block_started(unsigned threads) = 0;
  virtual void block_barrier() = 0;
  virtual void warp_synchronised(unsigned warp, std::uint32_t lanes) = 0;
  // Contents become undefined (allocated, freed), or written by a copy or a library call.
  virtual void undefined(const void* address, std::size_t bytes) = 0;
  virtual void defined(const void* address, std::size_t bytes) = 0;
};

extern Observer* observer;  // null outside racecheck builds

}  // namespace palimpsest::simt
