#pragma once
// A block's shared memory: one arena, with inaccessible gaps between the arrays. Fresh for every block, so that the
// previous block's data cannot be read.
#include <cstddef>
#include <source_location>
#include <string>

namespace palimpsest::simt {

constexpr std::size_t kStaticSharedLimit = 48 * 1024;
constexpr std::size_t kSharedLimit = 227 * 1024;  // sm_90; static and dynamic together, after opting in

void start_shared_memory(std::size_t dynamic_bytes);
std::size_t static_shared_bytes();  // used by the current or last block
// Overwritten gaps are findings (the only check for overflows of shared memory in plain mode).
void check_shared_gaps();
bool in_shared_memory(const void* address);
// Bytes from the address to the end of its array, 0 between arrays.
std::size_t shared_bytes_behind(const void* address);
// Offsets in the block's shared memory, whose first byte is aligned to a page.
std::size_t shared_offset(const void* address);
char* shared_at(std::size_t offset);
// "tile[66]", "dynamic shared memory + 12": what an address in shared memory is, for findings.
std::string describe_shared(const void* address);

}  // namespace palimpsest::simt
