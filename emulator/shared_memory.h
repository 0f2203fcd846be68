#pragma once
// A block's shared memory: one arena, with gaps between the arrays that no thread may touch. Fresh for every block, so
// that nothing of the block before it can be read.
#include <cstddef>
#include <source_location>
#include <string>

namespace palimpsest::simt {

constexpr std::size_t kStaticSharedLimit = 48 * 1024;
constexpr std::size_t kSharedLimit = 227 * 1024;  // sm_90; static and dynamic together, after opting in

void start_shared_memory(std::size_t dynamic_bytes);
std::size_t static_shared_bytes();  // used by the block that runs, or ran last
// Overwritten gaps are findings (plain mode has no other way to see an overflow of shared memory).
void check_shared_gaps();
bool in_shared_memory(const void* address);
// "tile[66]", "dynamic shared memory + 12": what an address in shared memory is, for findings.
std::string describe_shared(const void* address);

}  // namespace palimpsest::simt
