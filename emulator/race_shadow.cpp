#include "race_shadow.h"

#include <sys/mman.h>

#include "region.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

template <typename T>
T* reserve(std::size_t count) {
  void* memory =
      mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    finding("emulator", "no address space for the race detector (is there a limit, ulimit -v?)");
  return static_cast<T*>(memory);
}

// Reserved completely, touched where memory is used. Zeros mean: undefined, not split.
Cell* const words = reserve<Cell>(kRegionBytes / 4);
Cell* const bytes = reserve<Cell>(kRegionBytes);
bool* const splits = reserve<bool>(kRegionBytes / 4);
Readers* const shared_readers = reserve<Readers>(kSharedEnd);

}  // namespace

Cell* word_cell(std::size_t offset) {
  return words + offset / 4;
}
Cell* byte_cell(std::size_t offset) {
  return bytes + offset;
}
Readers& readers(std::size_t offset) {
  return shared_readers[offset];
}
bool is_split(std::size_t offset) {
  return splits[offset / 4];
}

void split(std::size_t offset) {
  const std::size_t word = offset / 4 * 4;
  for (std::size_t i = 0; i < 4; ++i) bytes[word + i] = words[word / 4];
  splits[word / 4] = true;
}
void unsplit(std::size_t offset) {
  if (splits[offset / 4]) splits[offset / 4] = false;
}

}  // namespace palimpsest::simt
