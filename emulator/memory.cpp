#include "memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "fault.h"
#include "observer.h"
#include "region.h"
#include "sanitizers.h"

namespace palimpsest::simt {
namespace {

constexpr std::size_t kPage = 4096, kAlignment = 256;
constexpr unsigned char kFill = 0xFF;                       // NaN as float, half and bfloat16
constexpr unsigned char kGuardFill = 0xA5;                  // around the data, within its pages
constexpr std::size_t kFillLimit = std::size_t{256} << 20;  // beyond it memory would be touched only for filling

struct Heap {
  // By address, since addresses only grow: device memory, then pinned memory. (No std::map: MSan does not see libstdc++
  // balance its trees.)
  std::deque<Allocation> device, pinned;
  std::size_t next_device = kDeviceBegin, next_pinned = kPinnedBegin;
  std::size_t used = 0, size = std::size_t{4} << 30;
  std::uint64_t count = 0;
  int access = 0;

  Heap() {
    if (const char* megabytes = std::getenv("PALIMPSEST_EMULATOR_MEMORY_MB"))
      size = static_cast<std::size_t>(std::strtoull(megabytes, nullptr, 10)) << 20;
    install_fault_handler();
  }
};
Heap& heap() {
  static Heap* instance = new Heap;  // outlives static destructors that free device memory
  return *instance;
}

std::size_t rounded(std::size_t value, std::size_t to) {
  return (value + to - 1) / to * to;
}

void protect(const Allocation& allocation, int protection) {
  if (mprotect(allocation.pages, allocation.page_bytes, protection) != 0)
    finding("emulator", fmt::format("mprotect of {} bytes failed: {}", allocation.page_bytes, std::strerror(errno)));
}

bool accessible(const Allocation& allocation) {
  return allocation.state == Allocation::State::Live && (allocation.kind == MemoryKind::Pinned || heap().access > 0);
}

// Fills the data with NaN and its surroundings with guard bytes. The pages must be accessible.
void prepare(const Allocation& allocation) {
  char* end = allocation.pages + allocation.page_bytes;
  char* data_end = allocation.data + allocation.guarded_from;
  const auto size = [](const char* from, const char* to) { return static_cast<std::size_t>(to - from); };
  std::memset(allocation.pages, kGuardFill, size(allocation.pages, allocation.data));
  std::memset(allocation.data, kFill, std::min(allocation.guarded_from, kFillLimit));
  std::memset(data_end, kGuardFill, size(data_end, end));
  poison_contents(allocation.data, allocation.guarded_from);
  forbid(allocation.pages, size(allocation.pages, allocation.data));
  forbid(data_end, size(data_end, end));
}

void check_guard(const Allocation& allocation) {
  const auto fail = [&](const char* at) {
    const char* end = allocation.data + allocation.guarded_from;
    finding("memory overflow", at < allocation.data
                                   ? fmt::format("something wrote {} bytes before allocation {} ({} bytes)",
                                                 allocation.data - at, allocation.number, allocation.bytes)
                                   : fmt::format("something wrote {} bytes behind allocation {} ({} bytes)",
                                                 at - end + 1, allocation.number, allocation.bytes));
  };
  const auto intact = [](char byte) { return static_cast<unsigned char>(byte) == kGuardFill; };
  const char* from = std::max(allocation.pages, allocation.data - kAlignment);
  const char* before = std::find_if_not(from, static_cast<const char*>(allocation.data), intact);
  if (before != allocation.data) fail(before);
  const char* end = allocation.pages + allocation.page_bytes;
  const char* behind =
      std::find_if_not(static_cast<const char*>(allocation.data + allocation.guarded_from), end, intact);
  if (behind != end) fail(behind);
}

}  // namespace

Allocation* allocate(std::size_t bytes, MemoryKind kind, Allocation::State state) {
  Heap& h = heap();
  const bool pinned = kind == MemoryKind::Pinned;
  if (!pinned && (bytes > h.size || h.used + bytes > h.size)) return nullptr;
  std::size_t& next = pinned ? h.next_pinned : h.next_device;
  const std::size_t data_bytes = rounded(std::max<std::size_t>(bytes, 1), kAlignment),
                    page_bytes = rounded(data_bytes, kPage);
  if (next + page_bytes + 2 * kPage > (pinned ? kPinnedEnd : kDeviceEnd))
    finding("emulator", "the address space for allocations is used up; freed addresses are never reused");
  Allocation allocation;
  allocation.pages = region() + next + kPage;
  allocation.page_bytes = page_bytes;
  allocation.data = allocation.pages + page_bytes - data_bytes;
  allocation.bytes = allocation.guarded_from = bytes;
  allocation.kind = kind;
  allocation.state = Allocation::State::Pending;
  allocation.number = ++h.count;
  next += page_bytes + kPage;
  if (!pinned) h.used += bytes;
  Allocation& kept = (pinned ? h.pinned : h.device).emplace_back(allocation);
  if (state == Allocation::State::Live) commit(kept);
  return &kept;
}

void commit(Allocation& allocation) {
  protect(allocation, PROT_READ | PROT_WRITE);
  prepare(allocation);
  allocation.state = Allocation::State::Live;
  if (!accessible(allocation)) protect(allocation, PROT_NONE);
}

void hand_out(Allocation& allocation, std::size_t bytes) {
  const DeviceAccess access;
  if (!__asan_poison_memory_region) check_guard(allocation);
  allocation.guarded_from = bytes;
  allow(allocation.pages, allocation.page_bytes);
  prepare(allocation);
}

void release(Allocation& allocation) {
  if (allocation.state == Allocation::State::Live && !__asan_poison_memory_region) {
    const DeviceAccess access;
    check_guard(allocation);
  }
  unpoison_contents(allocation.data, allocation.bytes);
  unpoison_addresses(allocation.pages, allocation.page_bytes);
  if (allocation.kind == MemoryKind::Device) heap().used -= allocation.bytes;
  allocation.state = Allocation::State::Freed;
  madvise(allocation.pages, allocation.page_bytes, MADV_DONTNEED);
  protect(allocation, PROT_NONE);
}

void release_device_memory() {
  for (Allocation& allocation : heap().device) {
    if (allocation.state != Allocation::State::Freed) release(allocation);
  }
}

Allocation* find_allocation(const void* pointer) {
  if (!in_region(pointer)) return nullptr;
  const char* at = static_cast<const char*>(pointer);
  std::deque<Allocation>& list = in_device_region(pointer) ? heap().device : heap().pinned;
  const auto after = std::upper_bound(list.begin(), list.end(), at,
                                      [](const char* address, const Allocation& one) { return address < one.pages; });
  if (after == list.begin()) return nullptr;
  Allocation& allocation = *std::prev(after);  // a guard page belongs to the allocation before it
  return at < allocation.pages + allocation.page_bytes + kPage ? &allocation : nullptr;
}

std::string describe(const void* pointer) {
  const Allocation* allocation = find_allocation(pointer);
  if (!allocation) return fmt::format("address {}, which is not in an allocation of the device", pointer);
  const std::ptrdiff_t offset = static_cast<const char*>(pointer) - allocation->data;
  const char* freed = allocation->state == Allocation::State::Freed     ? ", which is freed"
                      : allocation->state == Allocation::State::Pending ? ", which its stream has not allocated yet"
                                                                        : "";
  return fmt::format("byte {} of allocation {} ({} bytes{})", offset, allocation->number, allocation->bytes, freed);
}

bool in_device_region(const void* address) {
  return address >= region() + kDeviceBegin && address < region() + kDeviceEnd;
}
std::size_t device_memory_used() {
  return heap().used;
}
std::size_t device_memory_size() {
  return heap().size;
}
std::uint64_t allocations() {
  return heap().count;
}
void set_device_memory(std::size_t bytes) {
  heap().size = bytes;
}

std::string live_allocations() {
  std::string text;
  for (const auto* list : {&heap().device, &heap().pinned}) {
    for (const Allocation& allocation : *list) {
      if (allocation.state == Allocation::State::Live)
        text +=
            fmt::format("{}allocation {} ({} bytes)", text.empty() ? "" : ", ", allocation.number, allocation.bytes);
    }
  }
  return text;
}

DeviceAccess::DeviceAccess() {
  if (heap().access++ > 0) return;
  for (const Allocation& allocation : heap().device) {
    if (allocation.state == Allocation::State::Live) protect(allocation, PROT_READ | PROT_WRITE);
  }
}

DeviceAccess::~DeviceAccess() {
  if (--heap().access > 0) return;
  for (const Allocation& allocation : heap().device) {
    if (allocation.state == Allocation::State::Live) protect(allocation, PROT_NONE);
  }
}

void check_guard_bytes() {
  if (__asan_poison_memory_region) return;  // AddressSanitizer saw it happen
  const DeviceAccess access;
  for (const auto* list : {&heap().device, &heap().pinned}) {
    for (const Allocation& allocation : *list) {
      if (allocation.state == Allocation::State::Live) check_guard(allocation);
    }
  }
}

MemoryKind memory_kind(const void* pointer) {
  const Allocation* allocation = find_allocation(pointer);
  if (!allocation) return MemoryKind::Host;
  return allocation->state == Allocation::State::Freed ? MemoryKind::Freed : allocation->kind;
}

std::size_t bytes_behind(const void* pointer) {
  const Allocation* allocation = find_allocation(pointer);
  const char* at = static_cast<const char*>(pointer);
  if (!allocation || allocation->state == Allocation::State::Freed || at < allocation->data ||
      at > allocation->data + allocation->bytes)
    return 0;
  return static_cast<std::size_t>(allocation->data + allocation->bytes - at);
}

char* shared_region(std::size_t bytes) {
  char* memory = region() + kSharedBegin;
  if (mprotect(memory, bytes, PROT_READ | PROT_WRITE) != 0)
    finding("emulator", "no memory for the shared-memory arena");
  return memory;
}

}  // namespace palimpsest::simt
