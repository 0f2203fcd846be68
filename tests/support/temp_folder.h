#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/files.h"

namespace palimpsest {

// A folder for this test only, removed with its contents at the end. Tests run in parallel processes, so a fixed name
// would not work.
class TempFolder {
 public:
  TempFolder() {
    std::string name = testing::TempDir() + "/palimpsest.XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code code;
    fs::remove_all(path_, code);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const fs::path& path() const { return path_; }
  fs::path operator/(const fs::path& name) const { return path_ / name; }

 private:
  fs::path path_;
};

// Without the sync of write_file, which would make a fuzzer's thousands of files slow.
inline void write_unsynced(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), std::streamsize(bytes.size()));
}

}  // namespace palimpsest
