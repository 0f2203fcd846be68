#pragma once
#include "base/files.h"

namespace palimpsest {

// While it lives, no other program can claim the same folder; the kernel releases the claim of a killed program.
// Throws Error when another program has the folder.
class FolderClaim {
 public:
  // Writes nothing. If the file system does not support locks, every claim succeeds. requires: the folder exists
  explicit FolderClaim(const fs::path& folder);
  // By the file `folder / lock_file`, which is created and kept; throws Error if the file system does not support
  // locks. `program` names the other program in the message: "study".
  FolderClaim(const fs::path& folder, std::string_view lock_file, std::string_view program);
  ~FolderClaim();
  FolderClaim(const FolderClaim&) = delete;
  FolderClaim& operator=(const FolderClaim&) = delete;

 private:
  int lock(const fs::path& folder, std::string_view program);
  int descriptor_;
};

}  // namespace palimpsest
