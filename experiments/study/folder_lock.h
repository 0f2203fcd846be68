#pragma once
#include "base/files.h"

namespace palimpsest {

// Holds `folder/lock` (flock) for as long as it lives, so that two programs never write to one study. The system lets
// go of it when the program ends, however it ends. Throws Error when another program holds it.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace palimpsest
