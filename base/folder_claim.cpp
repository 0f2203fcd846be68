#include "base/folder_claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace palimpsest {

FolderClaim::FolderClaim(const fs::path& folder)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ >= 0) lock(folder, "palimpsest");
}

FolderClaim::FolderClaim(const fs::path& folder, std::string_view lock_file, std::string_view program)
    : descriptor_(::open((folder / lock_file).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0)
    throw Error(fmt::format("{} cannot be written: {}", (folder / lock_file).string(), std::strerror(errno)),
                "give a writable folder");
  const int error = lock(folder, program);
  if (error == 0) return;
  ::close(descriptor_);
  throw Error(fmt::format("{} cannot be locked: {}", (folder / lock_file).string(), std::strerror(error)),
              "use a folder on a local disk");
}

FolderClaim::~FolderClaim() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// Returns 0, or the error number.
int FolderClaim::lock(const fs::path& folder, std::string_view program) {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return 0;
  if (errno != EWOULDBLOCK) return errno;
  ::close(descriptor_);
  throw Error(fmt::format("{} is being written by another running {}", folder.string(), program),
              "wait for it to end, or give another --out");
}

}  // namespace palimpsest
