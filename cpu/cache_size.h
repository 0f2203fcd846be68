#pragma once
#include <cstddef>

namespace palimpsest::cpu {

// Bytes of the last-level caches of this machine's processors together, as Linux lists them in /sys; 32 MiB where it
// does not. (sysconf's _SC_LEVEL3_CACHE_SIZE is 0 on some processors and ten times too large on others.)
std::size_t last_level_cache_bytes();

}  // namespace palimpsest::cpu
