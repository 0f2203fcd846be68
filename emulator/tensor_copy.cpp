#include "tensor_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "barriers.h"
#include "block.h"
#include "memory.h"
#include "observer.h"
#include "report.h"
#include "sanitizers.h"
#include "shared_memory.h"
#include "simt/warpgroup.h"
#include "simt/work.h"

namespace palimpsest::simt {
namespace {

using Place = std::array<std::int64_t, 4>;  // of a value, in the map's order of dimensions

[[noreturn]] void refuse(const Site& site, const std::string& why) {
  finding("invalid tensor copy", fmt::format("{}: {}", text(site), why));
}

std::size_t row_bytes(const TensorRecord& map) {
  return std::size_t{map.box[0]} * map.value_bytes;
}
std::size_t rows_of(const TensorRecord& map) {
  return std::size_t{map.box[1]} * map.box[2] * map.box[3];
}

// The rows of a box: lines of a matrix, or pixels.
class Rows {
 public:
  explicit Rows(const TensorCopy& copy) : copy_(copy), map_(copy.map), at_(copy.first) {}

  // Where the row's first value is in memory, and how many of its bytes exist; none outside the tensor. Rows that begin
  // before the tensor have their missing values in front.
  struct Row {
    const char* data;
    std::size_t missing, bytes;
  };
  Row next() {
    const Place at = map_.pixels ? Place{at_[0], at_[1] + copy_.tap_w, at_[2] + copy_.tap_h, at_[3]} : at_;
    step();
    std::int64_t offset = 0;
    for (std::size_t i = 1; i < map_.rank; ++i) {
      if (at[i] < 0 || at[i] > std::int64_t{map_.last[i]}) return {nullptr, 0, 0};
      offset += at[i] * static_cast<std::int64_t>(map_.strides[i - 1]);
    }
    const std::int64_t size = std::int64_t{map_.last[0]} + 1, begin = std::clamp<std::int64_t>(at[0], 0, size),
                       end = std::clamp<std::int64_t>(at[0] + map_.box[0], begin, size);
    if (begin == end) return {nullptr, 0, 0};
    return {map_.data + offset + begin * map_.value_bytes, static_cast<std::size_t>(begin - at[0]) * map_.value_bytes,
            static_cast<std::size_t>(end - begin) * map_.value_bytes};
  }

 private:
  void step() {
    if (map_.pixels) {  // through the bounding box: right, down, to the next picture
      for (std::size_t i = 0; i < 2; ++i) {
        if (++at_[1 + i] < std::int64_t{map_.last[1 + i]} + 1 + map_.upper[i]) return;
        at_[1 + i] = map_.lower[i];
      }
      ++at_[3];
    } else {
      for (std::size_t i = 1; i < map_.rank; ++i) {
        if (++at_[i] < copy_.first[i] + map_.box[i]) return;
        at_[i] = copy_.first[i];
      }
    }
  }

  const TensorCopy& copy_;
  const TensorRecord& map_;
  Place at_;
};

void check_target(const TensorCopy& copy, std::size_t bytes) {
  if (!in_shared_memory(copy.to)) refuse(copy.site, "the target is not in shared memory");
  if (!in_own_shared_memory(copy.to) && block_has_ended(shared_rank(copy.to)))
    refuse(copy.site, "the target is in a block that has ended");
  // The pattern of a swizzle repeats after eight rows of its width.
  const std::size_t alignment = std::max<std::size_t>(128, copy.map.swizzle_bytes * std::size_t{8});
  if (shared_offset(copy.to) % alignment != 0)
    refuse(copy.site, fmt::format("the target, {}, is not aligned to {} bytes", describe_shared(copy.to), alignment));
  if (shared_bytes_behind(copy.to) < bytes)
    finding("out of bounds",
            fmt::format("the copy at {} writes {} bytes at {}", text(copy.site), bytes, describe_shared(copy.to)));
}

// The whole tensor must exist: which part a copy reads depends on its coordinates.
void check_source(const TensorCopy& copy) {
  const TensorRecord& map = copy.map;
  std::uint64_t bytes = (std::uint64_t{map.last[0]} + 1) * map.value_bytes;
  for (std::size_t i = 1; i < map.rank; ++i) bytes += map.last[i] * map.strides[i - 1];
  if (bytes_behind(map.data) < bytes)
    finding("illegal address",
            fmt::format("the copy at {} is of a tensor of {} bytes at {}", text(copy.site), bytes, describe(map.data)));
}

void check_pixels(const TensorCopy& copy) {
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t at = copy.first[1 + i], lower = copy.map.lower[i],
                       end = std::int64_t{copy.map.last[1 + i]} + 1 + copy.map.upper[i];
    if (at < lower || at >= end)
      refuse(copy.site, fmt::format("the base pixel's {} is {}, outside the bounding box from {} to {}",
                                    i == 0 ? "width" : "height", at, lower, end - 1));
  }
  if (copy.tap_w < 0 || copy.tap_w > 255 || copy.tap_h < 0 || copy.tap_h > 255)
    refuse(copy.site, fmt::format("the tap ({}, {}) is not from 0 to 255", copy.tap_w, copy.tap_h));
}

// `blocks`: bits of those of the cluster that it goes to, to the same place in each; 0: of the thread's own.
void issue(TensorCopy copy, Barrier* barrier, bool pixels, unsigned rank, unsigned blocks = 0) {
  const EngineCall engine;
  if (!in_thread()) finding("misuse", "a tensor's copy outside a kernel");
  if (blocks != 0) {
    const TensorCopy own = copy;
    Barrier* const own_barrier = barrier;
    for (unsigned block = 0; blocks >> block != 0; ++block) {
      if (!(blocks >> block & 1u)) continue;
      copy = own;
      copy.to = in_block(own.to, block, copy.site);
      issue(copy, reinterpret_cast<Barrier*>(in_block(own_barrier, block, copy.site)), pixels, rank);
    }
    return;
  }
  if (copy.map.pixels != pixels || copy.map.rank != rank)
    refuse(copy.site,
           fmt::format("the map is {}, of {} dimensions", copy.map.pixels ? "of pixels" : "tiled", copy.map.rank));
  const std::size_t bytes = row_bytes(copy.map) * rows_of(copy.map);
  check_target(copy, bytes);
  check_source(copy);
  if (pixels) check_pixels(copy);
  copy.thread = linear_thread();
  if (observer) {
    Rows rows(copy);
    for (std::size_t i = 0; i < rows_of(copy.map); ++i) {
      if (const Rows::Row row = rows.next(); row.data)
        observer->async_read(copy.thread, copy.site, row.data, row.bytes);
    }
    copy.write = observer->async_write(copy.thread, copy.site, copy.to, bytes);
  }
  std::memset(copy.to, 0xFF, bytes);
  poison_contents(copy.to, bytes);
  add_copy(barrier, copy, bytes);
}

}  // namespace

void deliver(const TensorCopy& copy) {
  const std::size_t width = row_bytes(copy.map), count = rows_of(copy.map);
  const std::size_t swizzled = copy.map.swizzle_bytes == 0 ? 0 : copy.map.swizzle_bytes - std::size_t{16};
  const std::size_t begin = shared_offset(copy.to);
  std::array<char, 512 * 4> row_values;
  Rows rows(copy);
  for (std::size_t i = 0; i < count; ++i) {
    const Rows::Row row = rows.next();
    std::memset(row_values.data(), 0, width);
    if (row.data) std::memcpy(row_values.data() + row.missing, row.data, row.bytes);
    for (std::size_t at = 0; at < width; at += 16) {
      const std::size_t offset = begin + i * width + at;
      std::memcpy(copy.to - begin + (offset ^ (offset >> 3 & swizzled)), row_values.data() + at, 16);
    }
  }
  if (observer) observer->arrived(copy.write, copy.to, width * count);
}

void copy_tile(void* to, const CUtensorMap& map, Barrier* barrier, int value, int line, Site site) {
  issue({record_of(map), static_cast<char*>(to), {value, line, 0, 0}, 0, 0, 0, site, 0}, barrier, false, 2);
}
void copy_tile(void* to, const CUtensorMap& map, Barrier* barrier, int value, int line, int plane, Site site) {
  issue({record_of(map), static_cast<char*>(to), {value, line, plane, 0}, 0, 0, 0, site, 0}, barrier, false, 3);
}
void copy_pixels(void* to, const CUtensorMap& map, Barrier* barrier, int channel, int w, int h, int n, int tap_w,
                 int tap_h, Site site) {
  issue({record_of(map), static_cast<char*>(to), {channel, w, h, n}, tap_w, tap_h, 0, site, 0}, barrier, true, 4);
}
void copy_tile_to(unsigned blocks, void* to, const CUtensorMap& map, Barrier* barrier, int value, int line, Site site) {
  issue({record_of(map), static_cast<char*>(to), {value, line, 0, 0}, 0, 0, 0, site, 0}, barrier, false, 2, blocks);
}
void copy_pixels_to(unsigned blocks, void* to, const CUtensorMap& map, Barrier* barrier, int channel, int w, int h,
                    int n, int tap_w, int tap_h, Site site) {
  issue({record_of(map), static_cast<char*>(to), {channel, w, h, n}, tap_w, tap_h, 0, site, 0}, barrier, true, 4,
        blocks);
}
void prefetch_map(const CUtensorMap& map, Site) {
  record_of(map);
}

}  // namespace palimpsest::simt
