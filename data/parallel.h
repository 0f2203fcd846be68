#pragma once
#include <functional>

namespace palimpsest {

// Calls body(0) ... body(count - 1), spread over `threads` threads (the caller is one of them). Rethrows the first
// exception, after all threads have ended.
void parallel_for(int threads, int count, const std::function<void(int)>& body);

}  // namespace palimpsest
