#pragma once
#include <cstdint>
#include <utility>

#include "base/files.h"

namespace palimpsest::data {

// A file mapped into memory for reading. The mapping stays valid when another file is renamed over it.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);  // throws Error when the file cannot be opened or mapped
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedFile();

  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace palimpsest::data
