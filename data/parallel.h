#pragma once
#include <functional>
#include <string>

namespace palimpsest::data {

// Calls body(0) ... body(count - 1), spread over `threads` threads (the caller is one of them). Rethrows the first
// exception, after all threads have ended.
void parallel_for(int count, int threads, const std::function<void(int)>& body);

// The same with a progress line for `task`; 0 threads: as many as OpenMP has; Ctrl-C ends it (Interrupted).
void parallel_for(int count, int threads, const std::string& task, const std::function<void(int)>& body);

}  // namespace palimpsest::data
