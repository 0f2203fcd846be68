#pragma once
// For the stand-ins of CUDA's libraries, and for tests: work in stream order, and information about pointers.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "simt/runtime_types.h"

namespace palimpsest::simt {

// Appends `work` to `stream` (or to the graph being captured there); it runs in the stream's order, with device memory
// accessible. `name` is its name in findings.
void enqueue(cudaStream_t stream, std::string name, std::function<void()> work);

enum class MemoryKind { Host, Pinned, Device, Freed };
MemoryKind memory_kind(const void* pointer);
// Bytes from `pointer` to the end of its allocation; 0 for ordinary host memory.
std::size_t bytes_behind(const void* pointer);

// For a pool that reuses memory, which would hide mistakes from the runtime: in the order of `stream` the piece's
// contents become undefined, and the bytes beyond `bytes` in its allocation are guarded like those beyond allocations.
// While the stream is captured that is part of the graph, so the pool must keep the piece for it.
void handed_out(cudaStream_t stream, void* memory, std::size_t bytes);

// Ends the program with the message "palimpsest emulator: KIND: TEXT". For misuse that CUDA leaves undefined.
[[noreturn]] void finding(const char* kind, const std::string& text);
constexpr int kFindingExitCode = 66;

// Order of threads within a block, and of the blocks; as PALIMPSEST_EMULATOR_ORDER=plain|reversed|shuffled:SEED.
struct Order {
  enum class Kind { Plain, Reversed, Shuffled } kind = Kind::Plain;
  std::uint64_t seed = 0;
};
void set_order(Order order);
Order order();
// Streams run immediately, in the order of the calls, or deferred in a random legal order; as
// PALIMPSEST_EMULATOR_STREAMS=immediate|SEED.
void set_streams_immediate();
void set_streams_deferred(std::uint64_t seed);
// Size of the device memory; as PALIMPSEST_EMULATOR_MEMORY_MB. Default 4 GiB.
void set_device_memory(std::size_t bytes);
// The reported architecture, default 90; it does not affect how kernels run.
void set_compute_capability(int capability);

// A finding if device or pinned memory, streams, events or graphs still exist. For the end of a program.
void require_nothing_left();

struct Statistics {
  std::uint64_t launches = 0, blocks = 0, threads = 0;
  std::uint64_t switches = 0;     // from the scheduler to a fiber
  std::uint64_t allocations = 0;  // cudaMalloc and cudaMallocAsync
};
Statistics statistics();

}  // namespace palimpsest::simt
