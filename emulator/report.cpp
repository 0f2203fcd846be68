#include "report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "block.h"
#include "observer.h"
#include "sanitizers.h"
#include "simt/work.h"

namespace palimpsest::simt {

std::string text(const uint3& index) {
  return fmt::format("({},{},{})", index.x, index.y, index.z);
}

std::string text(const std::source_location& site) {
  const char* slash = std::strrchr(site.file_name(), '/');
  return fmt::format("{}:{}", slash ? slash + 1 : site.file_name(), site.line());
}

bool same_line(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

std::string running() {
  const Launch* launch = running_launch();
  if (!launch) return {};
  std::string where =
      fmt::format("kernel {} launched at {}, block {}", launch->name, text(launch->site), text(block_index));
  if (in_thread()) where += fmt::format(", thread {}", text(thread_index));
  return where;
}

void finding(const char* kind, const std::string& what) {
  const EngineCall engine;
  std::fflush(stdout);
  const std::string where = running();
  const std::string line = where.empty() ? fmt::format("palimpsest emulator: {}: {}\n", kind, what)
                                         : fmt::format("palimpsest emulator: {}: {}: {}\n", kind, where, what);
  unpoison_contents(line.data(), line.size() + 1);  // made by libfmt, which MSan does not see
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  _exit(kFindingExitCode);
}

}  // namespace palimpsest::simt
