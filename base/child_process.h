#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace palimpsest {

// What a child process may take.
struct ChildLimits {
  std::uint64_t memory = std::uint64_t{8} << 30;  // bytes of address space, beyond what this process has
  int cpu_seconds = 120;
};

// Takes bytes in their order.
using ByteSink = std::function<void(std::span<const char>)>;

// Runs `work` in a child process without error output and without writing to files, for libraries that a broken file
// can crash. What `work` gives to its sink arrives at `sink` here. An Error that `work` throws is thrown here. `died`
// is called with the reason, as in "signal 11, Segmentation fault", when the child ends in any other way; it must
// throw. `work` must not use other threads, a device or locks that another thread may hold.
void run_in_child(const ChildLimits& limits, const std::function<void(const ByteSink&)>& work, const ByteSink& sink,
                  const std::function<void(const std::string& reason)>& died);

}  // namespace palimpsest
