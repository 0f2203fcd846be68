#pragma once
#include <exception>
#include <string>

#include "base/interrupt.h"
#include "base/progress.h"

namespace palimpsest::analysis {

// run(i) for i = first, ..., last - 1, spread over the threads. Exceptions may not leave a parallel region: one of
// them, or Ctrl-C, is rethrown after it.
template <class Run>
void in_parallel(const std::string& what, int first, int last, const Run& run) {
  Progress progress(what, last - first);
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic)
  for (int i = first; i < last; ++i) {
    try {
      if (interrupted()) throw Interrupted{};
      run(i);
#pragma omp critical(in_parallel_progress)
      progress.advance();
    } catch (...) {
#pragma omp critical(in_parallel_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace palimpsest::analysis
