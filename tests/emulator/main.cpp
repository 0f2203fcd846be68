// planted_bugs --list           name|caught|file, one line each
// planted_bugs bug|clean NAME   runs the program with the mistake, or its twin
// Exit code 66 means a finding (the sanitizers are told to use it too), 0 that nothing was found.
#include <cstring>

#include "bugs.h"
#include "simt/work.h"

namespace bugs {

std::vector<Bug>& all() {
  static std::vector<Bug> list;
  return list;
}

void fail(const char* kind, const char* what, int line) {
  std::fprintf(stderr, "planted_bugs: %s: %s (line :%d)\n", kind, what, line);
  std::exit(palimpsest::simt::kFindingExitCode);
}

std::vector<float> counting(std::size_t count, float first) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = first + static_cast<float>(i);
  return values;
}

}  // namespace bugs

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    for (const bugs::Bug& bug : bugs::all()) std::printf("%s|%s|%s\n", bug.name, bug.caught, bug.file);
    return 0;
  }
  if (argc == 3) {
    const bool planted = std::strcmp(argv[1], "bug") == 0;
    for (const bugs::Bug& bug : bugs::all()) {
      if (std::strcmp(bug.name, argv[2]) != 0) continue;
      bug.run(planted);
      if (cudaDeviceSynchronize() != cudaSuccess) bugs::fail("CUDA error", "at the end", __LINE__);
      palimpsest::simt::require_nothing_left();
      return 0;
    }
  }
  std::fprintf(stderr, "planted_bugs: usage: planted_bugs --list | bug NAME | clean NAME\n");
  return 2;
}
