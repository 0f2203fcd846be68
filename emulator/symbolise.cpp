#include "symbolise.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace palimpsest::simt {
namespace {

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// addr2line -i prints a function and a file:line per inlined frame, innermost first.
std::string ask_addr2line(const std::string& object, std::uintptr_t offset) {
  const std::string command = fmt::format("addr2line -e '{}' -f -C -i {:#x} 2>/dev/null", object, offset);
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return {};
  std::string function, best;
  char line[4096];
  for (bool is_function = true; fgets(line, sizeof line, pipe); is_function = !is_function) {
    std::string text(line, std::strcspn(line, "\n"));
    if (is_function) {
      function = text.substr(0, text.find('('));
      continue;
    }
    if (const auto note = text.find(" (discriminator"); note != std::string::npos) text.resize(note);
    if (text.starts_with("??") || text.ends_with(":?")) continue;
    best = fmt::format("{} (in {})", base_name(text), function);
    if (text.find("emulator/include/") == std::string::npos) break;
  }
  pclose(pipe);
  return best;
}

}  // namespace

std::string source_line(const void* code_address) {
  Dl_info info{};
  if (!dladdr(code_address, &info) || !info.dli_fname) return fmt::format("code at {}", code_address);
  const auto offset = reinterpret_cast<std::uintptr_t>(code_address) - reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  const std::string line = ask_addr2line(info.dli_fname, offset);
  return line.empty() ? fmt::format("{}+{:#x}", base_name(info.dli_fname), offset) : line;
}

}  // namespace palimpsest::simt
