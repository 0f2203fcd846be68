#pragma once
// Shared memory: an arena for each block of a cluster, with inaccessible gaps between the arrays. Fresh for every
// cluster, so that the data of the one before cannot be read.
#include <cstddef>
#include <source_location>
#include <string>

namespace palimpsest::simt {

constexpr std::size_t kStaticSharedLimit = 48 * 1024;
constexpr std::size_t kSharedLimit = 227 * 1024;  // sm_90; static and dynamic together, after opting in

constexpr std::size_t kArenaBytes = 256 * 1024;
constexpr unsigned kMostClusterBlocks = 2;  // in the emulator

void start_shared_memory(std::size_t dynamic_bytes, unsigned blocks);
void enter_shared_memory(unsigned rank);  // of the block whose thread runs now
std::size_t static_shared_bytes();        // used by the current or last block
// Overwritten gaps are findings (the only check for overflows of shared memory in plain mode).
void check_shared_gaps();
bool in_shared_memory(const void* address);      // of any block of the cluster
bool in_own_shared_memory(const void* address);  // of the running thread's block
// Bytes from the address to the end of its array, 0 between arrays.
std::size_t shared_bytes_behind(const void* address);
// Offsets in a block's shared memory, whose first byte is aligned to a page; shared_at: in the running thread's.
std::size_t shared_offset(const void* address);
char* shared_at(std::size_t offset);
unsigned shared_rank(const void* address);            // of the block whose memory it is in
char* shared_of(const void* address, unsigned rank);  // the same place in another block's
// "tile[66]", "dynamic shared memory + 12": what an address in shared memory is, for findings.
std::string describe_shared(const void* address);

}  // namespace palimpsest::simt
