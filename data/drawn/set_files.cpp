#include "data/drawn/set_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/files.h"

namespace palimpsest::data::drawn {

namespace {

constexpr const char* finished = "drawn.json";
constexpr const char* unfinished = "drawing-unfinished.json";

[[noreturn]] void fail(const fs::path& path, int error) {
  throw Error(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)),
              error == ENOSPC || error == EDQUOT ? "free some disk space, or name another folder with --out"
                                                 : "check the path and its permissions, or name another with --out");
}

// Whether the set already exists. Empties the folder of an interrupted drawing; rejects any other that is not empty.
bool already_drawn(const fs::path& folder, const std::string& manifest, const char* option) {
  std::error_code code;
  if (fs::exists(folder / finished, code)) {
    if (read_file(folder / finished) == manifest) return true;
    throw Error(fmt::format("{} was drawn with other options or by another version", folder.string()),
                fmt::format("delete that folder or name another one with {}", option));
  }
  if (fs::exists(folder / unfinished, code)) {
    fs::remove_all(folder, code);
    if (code) throw Error(fmt::format("cannot empty {}: {}", folder.string(), code.message()), "check its permissions");
  }
  if (fs::exists(folder, code) && !fs::is_empty(folder, code))
    throw Error(fmt::format("{} holds files that were not drawn by palimpsest", folder.string()),
                fmt::format("name another folder with {}", option));
  return false;
}

}  // namespace

void draw_once(const fs::path& set_folder, const std::string& manifest, const char* option,
               const std::function<void()>& draw) {
  if (already_drawn(set_folder, manifest, option)) return;
  write_file(set_folder / unfinished, manifest);
  draw();
  sync_parts(set_folder);
  write_file(set_folder / finished, manifest);
  std::error_code code;
  fs::remove(set_folder / unfinished, code);
}

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
