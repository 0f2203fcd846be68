#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/files.h"

namespace palimpsest {

// SHA-256 (FIPS 180-4), to detect whether a file or a data set is still the one that a step was run with.
class Sha256 {
 public:
  void add(std::string_view bytes);
  std::string hex();  // of everything added; call once, last

 private:
  void block(const unsigned char* bytes);
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> rest_{};
  std::size_t rest_size_ = 0;
  std::uint64_t length_ = 0;
};

std::string sha256(std::string_view bytes);
std::string sha256_of_file(const fs::path& path);  // reads in parts; throws Error naming the file

}  // namespace palimpsest
