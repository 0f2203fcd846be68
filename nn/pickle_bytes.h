#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest::nn {

// Throws Error: FILE is not a usable PyTorch file.
inline constexpr const char* kPytorchRemedy = "copy or download it again, or save it again";
[[noreturn]] void unusable_pytorch(const fs::path& path, const std::string& why,
                                   const std::string& remedy = kPytorchRemedy);

// The bytes of a pickle in their order, fetched in blocks. A length that the pickle states allocates nothing before
// its bytes are there. Throws Error when they end too early, and beyond limits on bytes and on text.
class PickleBytes {
 public:
  using Fetch = std::function<std::size_t(char* to, std::size_t most)>;  // the next bytes; 0 at the end
  PickleBytes(fs::path path, Fetch fetch) : path_(std::move(path)), fetch_(std::move(fetch)) {}

  std::uint8_t byte();
  std::uint64_t number(int bytes);  // little endian
  std::string text(std::uint64_t length);
  std::string line();  // up to '\n', which is dropped
  void skip(std::uint64_t length);

  std::uint64_t position() const { return position_; }  // of the next byte
  const fs::path& path() const { return path_; }
  [[noreturn]] void unusable(const std::string& why) const { unusable_pytorch(path_, why); }

 private:
  bool refill();  // false at the end
  void hold(std::uint64_t text);

  fs::path path_;
  Fetch fetch_;
  std::vector<char> block_;
  std::size_t at_ = 0;  // in the block
  std::uint64_t position_ = 0, held_ = 0;
};

}  // namespace palimpsest::nn
