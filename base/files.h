#pragma once
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest {

namespace fs = std::filesystem;

// The whole file as bytes. Throws Error naming the file when it is missing, unreadable or larger than `limit`.
std::string read_file(const fs::path& path, std::uint64_t limit = std::uint64_t{1} << 32);

// `folder / relative`, for a name that came out of a data file. Throws Error when the result would lie outside `folder`
// (absolute path, "..", or a symbolic link that leads out); `source` names the file that held the name.
fs::path join_inside(const fs::path& folder, std::string_view relative, const fs::path& source);

// Makes the folder and its parents; throws Error when that fails.
void create_folder(const fs::path& folder);

// Throws Error when the disk that holds `folder` has less than `bytes` free; `purpose` says what they are for.
void require_free_space(const fs::path& folder, std::uint64_t bytes, std::string_view purpose);

// Writes to a temporary name beside `path`; commit() syncs and renames, so that the file is there whole or not at all.
// Without commit() the destructor removes the temporary file and an earlier file of that name stays as it was. Through
// a symbolic link its target is written; a device or a pipe (/dev/stdout, /dev/null) is written to as it is. Throws
// Error at once when the file could not be put there, as where a folder has that name.
class AtomicFile {
 public:
  explicit AtomicFile(fs::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;
  fs::path path_, temporary_;
  std::FILE* file_ = nullptr;
};

struct NamedPath {
  std::string option;  // "--out"
  fs::path path;       // empty: not given
};
// Throws Error when a file that is to be written is also one that is read, or is named twice.
void require_separate(const std::vector<NamedPath>& read, const std::vector<NamedPath>& written);

void write_file(const fs::path& path, std::string_view bytes);  // AtomicFile in one call

// Removes the temporary files that AtomicFile left in `folder` and below it when a program was killed there.
// requires: no other program writes there now
void remove_temporaries(const fs::path& folder);

}  // namespace palimpsest
