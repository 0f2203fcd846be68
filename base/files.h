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

// `folder / relative`, for a name read from a data file. Throws Error when the result would be outside `folder`
// (absolute path, "..", or a symbolic link that leads out); `source` is the file that contains the name.
fs::path join_inside(const fs::path& folder, std::string_view relative, const fs::path& source);

// Makes the folder and its parents; throws Error when that fails.
void create_folder(const fs::path& folder);

// Throws Error when the disk of `folder` has less than `bytes` free; `purpose` says what they are for.
void require_free_space(const fs::path& folder, std::uint64_t bytes, std::string_view purpose);

// Writes to a temporary name beside `path`; commit() syncs and renames, so that the file is either complete or absent.
// Without commit() the destructor removes the temporary file, and an earlier file of that name is unchanged. A symbolic
// link is followed; a device or a pipe (/dev/stdout, /dev/null) is written directly. Throws Error immediately if the
// file could not be placed there, for instance because a folder has that name.
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
// Throws Error when a file that is to be written is also one that is read (or holds an array that is), or is named
// twice.
void require_separate(const std::vector<NamedPath>& read, const std::vector<NamedPath>& written);

void write_file(const fs::path& path, std::string_view bytes);  // AtomicFile in one call

// Removes the temporary files that killed programs left in `folder` and below it.
// requires: no other program is writing there
void remove_temporaries(const fs::path& folder);

}  // namespace palimpsest
