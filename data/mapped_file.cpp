#include "data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace palimpsest::data {

MappedFile::MappedFile(const fs::path& path) {
  const auto fail = [&](int error) {
    throw Error(fmt::format("cannot read {}: {}", path.string(), std::strerror(error)),
                "check the path and its permissions");
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(errno);
  struct stat status{};
  int error = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  if (error == 0 && status.st_size > 0) {
    void* const mapped = ::mmap(nullptr, std::size_t(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED) {
      error = errno;
    } else {
      data_ = static_cast<const std::uint8_t*>(mapped);
      size_ = std::size_t(status.st_size);
    }
  }
  ::close(descriptor);
  if (error != 0) fail(error);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

}  // namespace palimpsest::data
