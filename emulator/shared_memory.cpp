#include "shared_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#include "memory.h"
#include "observer.h"
#include "report.h"
#include "sanitizers.h"
#include "simt/threads.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

constexpr std::size_t kGap = 128;      // also the alignment of each array
constexpr unsigned char kFill = 0xFF;  // NaN as float, half and bfloat16; -1 as an integer
constexpr unsigned char kGapFill = 0xA5;

struct Slot {
  const void* key;
  std::size_t offset, bytes;
  const char* name;
  std::source_location site;
};

// The blocks of a cluster have the same arrays at the same offsets, each in an arena of its own.
struct Arenas {
  char* memory = nullptr;
  unsigned blocks = 1;
  char* own = nullptr;  // of the running thread's block
  std::size_t top = 0, used = 0;
  std::vector<Slot> slots;
  std::size_t dynamic = 0, dynamic_bytes = 0;  // offset and bytes
} arenas;

char* arena_of(unsigned rank) {
  return arenas.memory + rank * kArenaBytes;
}

// The next array: [gap][data, filled][gap]; the following gap starts exactly at the data's end. Returns its offset.
std::size_t carve(std::size_t bytes) {
  const std::size_t begin = arenas.top, end = begin + bytes;
  const std::size_t next = (end + kGap - 1) / kGap * kGap + kGap;
  if (next > kArenaBytes) finding("shared memory", "the arrays of one block do not fit the emulator's arena");
  for (unsigned rank = 0; rank < arenas.blocks; ++rank) {
    char* const data = arena_of(rank) + begin;
    allow(data, next - begin);
    std::memset(data, kFill, bytes);
    poison_contents(data, bytes);
    std::memset(data + bytes, kGapFill, next - end);
    forbid(data + bytes, next - end);
  }
  arenas.top = next;
  return begin;
}

// `before` describes what is before the gap.
template <typename Text>
void check_gap(const char* from, const char* to, const Text& before) {
  const char* at = std::find_if_not(from, to, [](char byte) { return static_cast<unsigned char>(byte) == kGapFill; });
  if (at != to)
    finding("shared memory overflow", fmt::format("a thread wrote {} bytes behind {}", at - from + 1, before()));
}

}  // namespace

void start_shared_memory(std::size_t dynamic_bytes, unsigned blocks) {
  if (!arenas.memory) {
    arenas.memory = shared_region(kMostClusterBlocks * kArenaBytes);
    poison_addresses(arenas.memory, kMostClusterBlocks * kArenaBytes);
  }
  for (unsigned rank = 0; rank < arenas.blocks && arenas.top > 0; ++rank) poison_addresses(arena_of(rank), arenas.top);
  arenas.slots.clear();
  arenas.used = 0;
  arenas.blocks = blocks;
  for (unsigned rank = 0; rank < blocks; ++rank) {
    unpoison_addresses(arena_of(rank), kGap);
    std::memset(arena_of(rank), kGapFill, kGap);
    forbid(arena_of(rank), kGap);
  }
  arenas.top = kGap;
  arenas.dynamic_bytes = dynamic_bytes;
  arenas.dynamic = carve(dynamic_bytes);
  enter_shared_memory(0);
}

void enter_shared_memory(unsigned rank) {
  arenas.own = arena_of(rank);
}

std::size_t static_shared_bytes() {
  return arenas.used;
}

void check_shared_gaps() {
  if (__asan_poison_memory_region) return;  // AddressSanitizer saw it happen
  const auto begin_of = [](std::size_t i) { return i < arenas.slots.size() ? arenas.slots[i].offset : arenas.top; };
  for (unsigned rank = 0; rank < arenas.blocks; ++rank) {
    const char* const memory = arena_of(rank);
    check_gap(memory, memory + kGap, [] { return std::string("the start of shared memory, by a negative index"); });
    check_gap(memory + arenas.dynamic + arenas.dynamic_bytes, memory + begin_of(0),
              [] { return fmt::format("dynamic shared memory ({} bytes)", arenas.dynamic_bytes); });
    for (std::size_t i = 0; i < arenas.slots.size(); ++i) {
      const Slot& slot = arenas.slots[i];
      check_gap(memory + slot.offset + slot.bytes, memory + begin_of(i + 1),
                [&] { return fmt::format("shared array {} ({} bytes, {})", slot.name, slot.bytes, text(slot.site)); });
    }
  }
}

bool in_shared_memory(const void* address) {
  return arenas.memory && address >= arenas.memory && address < arena_of(kMostClusterBlocks);
}
bool in_own_shared_memory(const void* address) {
  return address >= arenas.own && address < arenas.own + kArenaBytes;
}

std::size_t shared_bytes_behind(const void* address) {
  const std::size_t at = shared_offset(address);
  const auto behind = [at](std::size_t begin, std::size_t bytes) -> std::size_t {
    return at >= begin && at < begin + bytes ? begin + bytes - at : 0;
  };
  if (const std::size_t bytes = behind(arenas.dynamic, arenas.dynamic_bytes)) return bytes;
  for (const Slot& slot : arenas.slots) {
    if (const std::size_t bytes = behind(slot.offset, slot.bytes)) return bytes;
  }
  return 0;
}

std::size_t shared_offset(const void* address) {
  return static_cast<std::size_t>(static_cast<const char*>(address) - arena_of(shared_rank(address)));
}
char* shared_at(std::size_t offset) {
  return arenas.own + offset;
}
unsigned shared_rank(const void* address) {
  return static_cast<unsigned>((static_cast<const char*>(address) - arenas.memory) /
                               static_cast<std::ptrdiff_t>(kArenaBytes));
}
char* shared_of(const void* address, unsigned rank) {
  return arena_of(rank) + shared_offset(address);
}

std::string describe_shared(const void* address) {
  const std::size_t at = shared_offset(address);
  const std::string other = in_own_shared_memory(address) ? "" : ", of another block of the cluster";
  for (auto slot = arenas.slots.rbegin(); slot != arenas.slots.rend(); ++slot) {
    if (at >= slot->offset)
      return fmt::format("shared array {} + {} of {} bytes{}", slot->name, at - slot->offset, slot->bytes, other);
  }
  return fmt::format("dynamic shared memory + {} of {} bytes{}", static_cast<std::ptrdiff_t>(at - arenas.dynamic),
                     arenas.dynamic_bytes, other);
}

void* shared_array(const void* key, std::size_t bytes, std::size_t alignment, const char* name, Site site) {
  const EngineCall engine;
  for (const Slot& slot : arenas.slots) {
    if (slot.key == key) return shared_at(slot.offset);
  }
  if (alignment > kGap)
    finding("shared memory", fmt::format("{} at {} asks for alignment {}", name, text(site), alignment));
  arenas.used += bytes;
  if (arenas.used > kStaticSharedLimit)
    finding("shared memory", fmt::format("with {} at {} the block has {} bytes of static shared memory, more than {}",
                                         name, text(site), arenas.used, kStaticSharedLimit));
  if (arenas.used + arenas.dynamic_bytes > kSharedLimit)
    finding("shared memory", fmt::format("with {} at {} the block has {} bytes of shared memory, more than {}", name,
                                         text(site), arenas.used + arenas.dynamic_bytes, kSharedLimit));
  const std::size_t offset = carve(bytes);
  arenas.slots.push_back({key, offset, bytes, name, site});
  return shared_at(offset);
}

void* dynamic_shared() {
  if (arenas.dynamic_bytes == 0)
    finding("shared memory", "the kernel uses dynamic shared memory but was launched with none");
  return shared_at(arenas.dynamic);
}

}  // namespace palimpsest::simt
