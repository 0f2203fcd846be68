#include "data/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/interrupt.h"
#include "base/progress.h"

namespace palimpsest::data {

void parallel_for(int count, int threads, const std::function<void(int)>& body) {
  std::atomic<int> next{0};
  std::mutex mutex;
  std::exception_ptr first;
  const auto work = [&] {
    for (int i = next++; i < count; i = next++) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (int i = 1; i < std::min(threads, count); ++i) helpers.emplace_back(work);
    work();
  }
  if (first) std::rethrow_exception(first);
}

void parallel_for(int count, int threads, const std::string& task, const std::function<void(int)>& body) {
  Progress progress(task, count);
  std::mutex mutex;
  parallel_for(count, threads > 0 ? threads : omp_get_max_threads(), [&](int i) {
    check_interrupt();
    body(i);
    const std::lock_guard lock(mutex);
    progress.advance();
  });
  check_interrupt();
}

}  // namespace palimpsest::data
