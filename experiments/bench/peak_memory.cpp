#include "experiments/bench/peak_memory.h"

#include <sys/resource.h>

namespace palimpsest::experiments {

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024;
}

}  // namespace palimpsest::experiments
