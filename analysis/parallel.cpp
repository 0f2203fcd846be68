#include "analysis/parallel.h"

#include <exception>

#include "base/interrupt.h"
#include "base/progress.h"

namespace palimpsest::analysis {

void in_parallel(const std::string& what, int first, int last, const std::function<void(int)>& run) {
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
