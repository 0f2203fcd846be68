#pragma once
#include "base/files.h"

namespace palimpsest {

// While it lives, no other program that claims the same folder gets it; the kernel takes it back from a program that
// was killed. Throws Error when another program has the folder.
class FolderClaim {
 public:
  // Nothing is written. Where the file system knows no locks, everybody gets the folder. requires: the folder is there
  explicit FolderClaim(const fs::path& folder);
  // By the file `folder / lock_file`, which is made and stays; throws Error where the file system knows no locks.
  // `program` says in the message what else writes there: "study".
  FolderClaim(const fs::path& folder, std::string_view lock_file, std::string_view program);
  ~FolderClaim();
  FolderClaim(const FolderClaim&) = delete;
  FolderClaim& operator=(const FolderClaim&) = delete;

 private:
  int lock(const fs::path& folder, std::string_view program);
  int descriptor_;
};

}  // namespace palimpsest
