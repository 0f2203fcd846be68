#include "cuda/architectures.h"

#include <charconv>

namespace palimpsest::PALIMPSEST_CUDA {

std::string_view built_architectures() {
#ifdef PALIMPSEST_CUDA_ARCHITECTURES
  return PALIMPSEST_CUDA_ARCHITECTURES;
#else
  return {};  // the emulator compiles nothing
#endif
}

bool has_machine_code(std::string_view architectures, int compute_capability) {
  while (!architectures.empty()) {
    const std::string_view one = architectures.substr(0, architectures.find(','));
    architectures.remove_prefix(one.size() + (one.size() < architectures.size() ? 1 : 0));
    int number = 0;
    const char* const rest = std::from_chars(one.data(), one.data() + one.size(), number).ptr;
    const std::string_view kind(rest, std::size_t(one.data() + one.size() - rest));
    if (kind.ends_with("-virtual")) continue;
    if (kind.starts_with('a') ? number == compute_capability
                              : number / 10 == compute_capability / 10 && number <= compute_capability)
      return true;
  }
  return false;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
