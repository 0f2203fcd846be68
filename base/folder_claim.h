#pragma once
#include "base/files.h"

namespace palimpsest {

// While it lives, no other program that claims the same folder gets it; the kernel takes it back from a program that
// was killed. Nothing is written. Where the file system knows no locks, everybody gets the folder.
class FolderClaim {
 public:
  // Throws Error when another program has the folder. requires: the folder is there
  explicit FolderClaim(const fs::path& folder);
  ~FolderClaim();
  FolderClaim(const FolderClaim&) = delete;
  FolderClaim& operator=(const FolderClaim&) = delete;

 private:
  int descriptor_;
};

}  // namespace palimpsest
