#include "emulator/libraries/memory.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "simt/work.h"

namespace palimpsest::libraries {
namespace {

constexpr const char* kKind = "library call";

void require_device_memory(const char* name, const Range& range) {
  switch (simt::memory_kind(range.begin)) {
    case simt::MemoryKind::Device:
      break;
    case simt::MemoryKind::Freed:
      simt::finding(kKind, fmt::format("{}: {} is freed memory", name, range.what));
    case simt::MemoryKind::Host:
    case simt::MemoryKind::Pinned:
      simt::finding(kKind, fmt::format("{}: {} is host memory; it must be device memory", name, range.what));
  }
  const std::size_t behind = simt::bytes_behind(range.begin);
  if (behind < range.bytes)
    simt::finding(kKind, fmt::format("{}: {} needs {} bytes, its allocation ends after {}", name, range.what,
                                     range.bytes, behind));
}

bool overlap(const Range& a, const Range& b) {
  const auto first = reinterpret_cast<std::uintptr_t>(a.begin), second = reinterpret_cast<std::uintptr_t>(b.begin);
  return first < second + b.bytes && second < first + a.bytes;
}

void require_distinct(const char* name, const Range& written, const Range& other) {
  if (overlap(written, other))
    simt::finding(kKind, fmt::format("{}: {}, which it writes, overlaps {}", name, written.what, other.what));
}

void check(const char* name, const std::vector<Range>& reads, const std::vector<Range>& writes) {
  for (const Range& range : reads) require_device_memory(name, range);
  for (const Range& range : writes) require_device_memory(name, range);
}

void drop_absent(std::vector<Range>& ranges) {
  std::erase_if(ranges, [](const Range& range) { return !range.begin || range.bytes == 0; });
}

}  // namespace

bool aligned(const void* pointer, std::size_t bytes) {
  return reinterpret_cast<std::uintptr_t>(pointer) % bytes == 0;
}

void enqueue(cudaStream_t stream, const char* name, std::vector<Range> reads, std::vector<Range> writes,
             std::function<void()> work) {
  drop_absent(reads);
  drop_absent(writes);
  check(name, reads, writes);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    for (std::size_t j = i + 1; j < writes.size(); ++j) require_distinct(name, writes[i], writes[j]);
    for (const Range& range : reads) require_distinct(name, writes[i], range);
  }
  simt::enqueue(stream, name, [name, reads = std::move(reads), writes = std::move(writes), work = std::move(work)] {
    check(name, reads, writes);
    work();
  });
}

}  // namespace palimpsest::libraries
