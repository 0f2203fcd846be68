#pragma once
#include <functional>
#include <string>

namespace palimpsest::analysis {

// run(i) for i = first, ..., last - 1, spread over the threads, with a line of progress. Exceptions may not leave a
// parallel region: one of them, or Ctrl-C, is rethrown after it.
void in_parallel(const std::string& what, int first, int last, const std::function<void(int)>& run);

}  // namespace palimpsest::analysis
