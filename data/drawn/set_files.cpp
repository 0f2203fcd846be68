#include "data/drawn/set_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace palimpsest::data::drawn {

namespace {

[[noreturn]] void fail(const fs::path& path, int error) {
  throw Error(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)),
              error == ENOSPC || error == EDQUOT ? "free some disk space, or name another folder with --out"
                                                 : "check the path and its permissions, or name another with --out");
}

}  // namespace

void write_part(const fs::path& path, std::string_view bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file && errno == ENOENT) {
    create_folder(path.parent_path());
    file = std::fopen(path.c_str(), "wb");
  }
  if (!file) fail(path, errno);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const int error = errno;
  if (std::fclose(file) != 0) fail(path, errno);  // buffered bytes may fail only here
  if (!written) fail(path, error);
}

void sync_parts(const fs::path& set_folder) {
  const int descriptor = ::open(set_folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) fail(set_folder, errno);
  const int result = ::syncfs(descriptor), error = errno;
  ::close(descriptor);
  if (result != 0) fail(set_folder, error);
}

}  // namespace palimpsest::data::drawn
