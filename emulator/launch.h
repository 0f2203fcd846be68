#pragma once
// Limits of the simulated device for launches.
#include <cstddef>
#include <cstdint>

namespace palimpsest::simt {

constexpr int kMaxThreads = 1024, kThreadsPerMultiprocessor = 2048, kBlocksPerMultiprocessor = 32;
constexpr std::size_t kSharedPerMultiprocessor = 228 * 1024, kReservedShared = 1024;

std::uint64_t launches();

}  // namespace palimpsest::simt
