#include "experiments/study/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace palimpsest {

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path path = folder / "lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    throw Error(fmt::format("{} cannot be written: {}", path.string(), std::strerror(errno)),
                "give a folder that may be written to");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const bool taken = errno == EWOULDBLOCK;
  const std::string why = std::strerror(errno);
  ::close(descriptor_);
  if (taken)
    throw Error(fmt::format("{} is being written by another running study", folder.string()),
                "wait for it to end, or give another --out");
  throw Error(fmt::format("{} cannot be locked: {}", path.string(), why), "use a folder on a local disk");
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace palimpsest
