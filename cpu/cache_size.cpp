#include "cpu/cache_size.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace palimpsest::cpu {

namespace {

std::string word_in(const std::filesystem::path& file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

}  // namespace

std::size_t last_level_cache_bytes() {
  namespace fs = std::filesystem;
  std::map<std::string, std::size_t> largest;  // by the processors that share it
  std::error_code ignored;
  for (const auto& cpu : fs::directory_iterator("/sys/devices/system/cpu", ignored)) {
    if (!fs::exists(cpu.path() / "cache/index0", ignored)) continue;
    int last = 0;
    while (fs::exists(cpu.path() / "cache" / ("index" + std::to_string(last + 1)), ignored)) ++last;
    const fs::path cache = cpu.path() / "cache" / ("index" + std::to_string(last));
    largest[word_in(cache / "shared_cpu_list")] = std::size_t(std::atol(word_in(cache / "size").c_str()))
                                                  << 10;  // "32768K"
  }
  std::size_t bytes = 0;
  for (const auto& [shared_by, one] : largest) bytes += one;
  return bytes > 0 ? bytes : std::size_t{32} << 20;
}

}  // namespace palimpsest::cpu
