#include "host_ranges.h"

#include <link.h>

#include <algorithm>
#include <vector>

#include "block.h"
#include "simt/launch.h"

namespace palimpsest::simt {
namespace {

struct Range {
  const char *begin, *end;
  bool holds(const void* address) const { return address >= begin && address < end; }
};

// The segments of every loaded object; an object loaded later is found by the second search.
std::vector<Range> loaded_objects() {
  std::vector<Range> ranges;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD) continue;
          const char* begin = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
          static_cast<std::vector<Range>*>(data)->push_back({begin, begin + header.p_memsz});
        }
        return 0;
      },
      &ranges);
  return ranges;
}

}  // namespace

bool kernel_may_touch(const void* address) {
  if (in_kernel_stack(address)) return true;
  const Launch& launch = *running_launch();
  const auto within = [&](const void* from, std::size_t bytes) {
    return address >= from && address < static_cast<const char*>(from) + bytes;
  };
  if (within(launch.arguments.get(), launch.argument_bytes)) return true;
  static std::vector<Range> objects = loaded_objects();
  const auto holds = [&](const Range& range) { return range.holds(address); };
  if (std::any_of(objects.begin(), objects.end(), holds)) return true;
  objects = loaded_objects();
  return std::any_of(objects.begin(), objects.end(), holds);
}

}  // namespace palimpsest::simt
