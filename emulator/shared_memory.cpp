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
  char* data;
  std::size_t bytes;
  const char* name;
  std::source_location site;
};

struct Arena {
  char* memory = nullptr;
  std::size_t capacity = 0, top = 0, used = 0;
  std::vector<Slot> slots;
  char* dynamic = nullptr;
  std::size_t dynamic_bytes = 0;
} arena;

// The next array: [gap][data, filled][gap]; the following gap starts exactly at the data's end.
char* carve(std::size_t bytes) {
  char* data = arena.memory + arena.top;
  const std::size_t end = arena.top + bytes;
  const std::size_t next = (end + kGap - 1) / kGap * kGap + kGap;
  if (next > arena.capacity) finding("shared memory", "the arrays of one block do not fit the emulator's arena");
  allow(data, next - arena.top);
  std::memset(data, kFill, bytes);
  poison_contents(data, bytes);
  std::memset(data + bytes, kGapFill, static_cast<std::size_t>(arena.memory + next - data) - bytes);
  forbid(data + bytes, static_cast<std::size_t>(arena.memory + next - data) - bytes);
  arena.top = next;
  return data;
}

// `before` describes what is before the gap.
template <typename Text>
void check_gap(const char* from, const char* to, const Text& before) {
  const char* at = std::find_if_not(from, to, [](char byte) { return static_cast<unsigned char>(byte) == kGapFill; });
  if (at != to)
    finding("shared memory overflow", fmt::format("a thread wrote {} bytes behind {}", at - from + 1, before()));
}

}  // namespace

void start_shared_memory(std::size_t dynamic_bytes) {
  if (!arena.memory) {
    arena.memory = shared_region(arena.capacity);
    poison_addresses(arena.memory, arena.capacity);
  }
  if (arena.top > 0) poison_addresses(arena.memory, arena.top);
  arena.slots.clear();
  arena.used = 0;
  unpoison_addresses(arena.memory, kGap);
  std::memset(arena.memory, kGapFill, kGap);
  forbid(arena.memory, kGap);
  arena.top = kGap;
  arena.dynamic_bytes = dynamic_bytes;
  arena.dynamic = carve(dynamic_bytes);
}

std::size_t static_shared_bytes() {
  return arena.used;
}

void check_shared_gaps() {
  if (__asan_poison_memory_region) return;  // AddressSanitizer saw it happen
  const auto end_of = [](std::size_t i) {
    return i + 1 < arena.slots.size() ? arena.slots[i + 1].data : arena.memory + arena.top;
  };
  const char* first = arena.slots.empty() ? arena.memory + arena.top : arena.slots[0].data;
  check_gap(arena.memory, arena.memory + kGap,
            [] { return std::string("the start of shared memory, by a negative index"); });
  check_gap(arena.dynamic + arena.dynamic_bytes, first,
            [] { return fmt::format("dynamic shared memory ({} bytes)", arena.dynamic_bytes); });
  for (std::size_t i = 0; i < arena.slots.size(); ++i) {
    const Slot& slot = arena.slots[i];
    check_gap(slot.data + slot.bytes, end_of(i),
              [&] { return fmt::format("shared array {} ({} bytes, {})", slot.name, slot.bytes, text(slot.site)); });
  }
}

bool in_shared_memory(const void* address) {
  return address >= arena.memory && address < arena.memory + arena.capacity;
}

std::size_t shared_bytes_behind(const void* address) {
  const char* at = static_cast<const char*>(address);
  const auto behind = [at](const char* data, std::size_t bytes) -> std::size_t {
    return at >= data && at < data + bytes ? static_cast<std::size_t>(data + bytes - at) : 0;
  };
  if (const std::size_t bytes = behind(arena.dynamic, arena.dynamic_bytes)) return bytes;
  for (const Slot& slot : arena.slots) {
    if (const std::size_t bytes = behind(slot.data, slot.bytes)) return bytes;
  }
  return 0;
}

std::size_t shared_offset(const void* address) {
  return static_cast<std::size_t>(static_cast<const char*>(address) - arena.memory);
}
char* shared_at(std::size_t offset) {
  return arena.memory + offset;
}

std::string describe_shared(const void* address) {
  const char* at = static_cast<const char*>(address);
  for (auto slot = arena.slots.rbegin(); slot != arena.slots.rend(); ++slot) {
    if (at >= slot->data)
      return fmt::format("shared array {} + {} of {} bytes", slot->name, at - slot->data, slot->bytes);
  }
  return fmt::format("dynamic shared memory + {} of {} bytes", at - arena.dynamic, arena.dynamic_bytes);
}

void* shared_array(const void* key, std::size_t bytes, std::size_t alignment, const char* name, Site site) {
  const EngineCall engine;
  for (const Slot& slot : arena.slots) {
    if (slot.key == key) return slot.data;
  }
  if (alignment > kGap)
    finding("shared memory", fmt::format("{} at {} asks for alignment {}", name, text(site), alignment));
  arena.used += bytes;
  if (arena.used > kStaticSharedLimit)
    finding("shared memory", fmt::format("with {} at {} the block has {} bytes of static shared memory, more than {}",
                                         name, text(site), arena.used, kStaticSharedLimit));
  if (arena.used + arena.dynamic_bytes > kSharedLimit)
    finding("shared memory", fmt::format("with {} at {} the block has {} bytes of shared memory, more than {}", name,
                                         text(site), arena.used + arena.dynamic_bytes, kSharedLimit));
  char* data = carve(bytes);
  arena.slots.push_back({key, data, bytes, name, site});
  return data;
}

void* dynamic_shared() {
  if (arena.dynamic_bytes == 0)
    finding("shared memory", "the kernel uses dynamic shared memory but was launched with none");
  return arena.dynamic;
}

}  // namespace palimpsest::simt
