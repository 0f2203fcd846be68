#pragma once
#include <string>
#include <vector>

namespace palimpsest {

// How another program ended.
struct Spawned {
  enum class End { exited, signalled, too_slow, not_started } end = End::not_started;
  int number = 0;            // the exit code, or the signal
  std::string output;        // the first 4 KiB of what it wrote
  std::string problem = {};  // one clause, unless it exited: "it did not end within 5 s"
};

// Runs a program, found on PATH if its name has no slash, for at most so many seconds; then it is killed. `errors`: its
// standard error is part of the output; else it is this process's.
Spawned spawn(const std::vector<std::string>& command, int seconds, bool errors = false);

}  // namespace palimpsest
