#include "region.h"

#include <sys/mman.h>

#include "simt/work.h"

namespace palimpsest::simt {

char* region() {
  static char* const start = [] {
    void* memory = mmap(nullptr, kRegionBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) finding("emulator", "no address space for device memory (is there a limit, ulimit -v?)");
    // Protection changes with every launch, which is cheaper with large pages, if the system has them.
    madvise(memory, kRegionBytes, MADV_HUGEPAGE);
    return static_cast<char*>(memory);
  }();
  return start;
}

}  // namespace palimpsest::simt
