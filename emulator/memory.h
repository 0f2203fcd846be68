#pragma once
// Device and pinned memory. Each allocation ends at a guard page, is inaccessible to the host while no kernel, copy or
// library call runs, and its addresses are never reused, so that use after free is detected.
#include <cstddef>
#include <cstdint>
#include <string>

#include "simt/work.h"

namespace palimpsest::simt {

struct Allocation {
  char* data = nullptr;
  std::size_t bytes = 0;
  std::size_t guarded_from = 0;  // bytes, or fewer if a pool handed out fewer
  char* pages = nullptr;         // what is mapped for it, guard pages excluded
  std::size_t page_bytes = 0;
  MemoryKind kind = MemoryKind::Device;
  enum class State { Pending, Live, Freed } state = State::Live;  // Pending: cudaMallocAsync not yet reached
  std::uint64_t number = 0;                                       // in the order of the calls
};

// Null when the simulated device is out of memory.
Allocation* allocate(std::size_t bytes, MemoryKind kind, Allocation::State state);
void commit(Allocation& allocation);  // Pending -> Live
void hand_out(Allocation& allocation, std::size_t bytes);
void release(Allocation& allocation);  // -> Freed
void release_device_memory();          // all of it
// The allocation that contains `pointer`, guard pages included; null for anything else.
Allocation* find_allocation(const void* pointer);
// "byte 412 of allocation 3 (400 bytes)"
std::string describe(const void* pointer);
bool in_device_region(const void* address);
std::size_t device_memory_used();
std::size_t device_memory_size();
std::uint64_t allocations();     // made so far
std::string live_allocations();  // for the leak report; empty if there are none

// The host's access to device memory; counted, so that calls may nest.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

// Reports overwritten bytes around allocations. Called when the queues have run.
void check_guard_bytes();

// Address space for shared memory, inside the region covered by the race detector's shadow.
char* shared_region(std::size_t bytes);

}  // namespace palimpsest::simt
