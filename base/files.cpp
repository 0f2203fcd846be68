#include "base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <regex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/array_name.h"
#include "base/error.h"

namespace palimpsest {

namespace {

std::string remedy_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "free some disk space, or name another folder with --out";
    case ENOMEM:
      return "free some memory, or check that this is the right file";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a writable folder, or change its permissions";
    case ENOENT:
      return "check the path";
    case EISDIR:
      return "name a file, not a folder";
    case ENAMETOOLONG:
      return "give it a shorter name";
    case ENOTDIR:
      return "a part of that path is a file, not a folder: give another path";
    default:
      return "check the disk and the path";
  }
}

[[noreturn]] void fail_with(const char* action, const fs::path& path, int error) {
  throw Error(fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(error)), remedy_for(error));
}

struct Closer {
  std::FILE* file;
  ~Closer() { std::fclose(file); }
};

}  // namespace

std::string read_file(const fs::path& path, std::uint64_t limit) {
  std::error_code code;
  if (fs::is_directory(path, code)) fail_with("read", path, EISDIR);
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) fail_with("read", path, errno);
  const Closer closer{file};
  const auto size = fs::file_size(path, code);
  if (!code && size > limit)
    throw Error(fmt::format("{} has {} bytes, but at most {} are allowed", path.string(), size, limit),
                "check that this is the right file");
  std::string bytes;
  try {
    if (!code) bytes.reserve(size);
    char buffer[1 << 16];
    while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file)) {
      bytes.append(buffer, got);
      if (bytes.size() > limit)  // a pipe or a device, whose size is not known in advance
        throw Error(fmt::format("{} has more than the {} bytes allowed", path.string(), limit),
                    "check that this is the right file");
    }
  } catch (const std::bad_alloc&) {
    fail_with("read", path, ENOMEM);
  } catch (const std::length_error&) {
    fail_with("read", path, ENOMEM);
  }
  if (std::ferror(file)) fail_with("read", path, errno);
  return bytes;
}

fs::path join_inside(const fs::path& folder, std::string_view relative, const fs::path& source) {
  const auto refuse = [&]() -> Error {
    return Error(fmt::format("{} names '{}', which is outside {}", source.string(), relative, folder.string()),
                 "remove that entry: a data set may only name files in its own folder");
  };
  if (relative.find('\0') != std::string_view::npos) throw refuse();
  const fs::path name{relative};
  if (name.is_absolute()) throw refuse();
  for (const auto& part : name)
    if (part == "..") throw refuse();
  const fs::path joined = folder / name;
  std::error_code code;
  const fs::path root = fs::weakly_canonical(folder, code);
  const fs::path real = fs::weakly_canonical(joined, code);
  if (code) throw refuse();
  const auto [end, unused] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  if (end != root.end() && !end->empty()) throw refuse();
  return joined;
}

void create_folder(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) fail_with("make the folder", folder, code.value());
  if (!fs::is_directory(folder)) fail_with("make the folder", folder, ENOTDIR);
}

void require_free_space(const fs::path& folder, std::uint64_t bytes, std::string_view purpose) {
  std::error_code code;
  const auto space = fs::space(folder, code);
  if (code || space.available >= bytes) return;
  throw Error(fmt::format("{} needs {:.1f} MB, but the disk of {} has only {:.1f} MB free", purpose,
                          double(bytes) / 1e6, folder.string(), double(space.available) / 1e6),
              remedy_for(ENOSPC));
}

namespace {

// Where writing to `path` ends up: a symbolic link is kept, and its target is written.
fs::path through_links(fs::path path) {
  std::error_code code;
  for (int links = 0; links < 40 && fs::is_symlink(fs::symlink_status(path, code)); ++links) {
    const fs::path target = fs::read_symlink(path, code);
    if (code) break;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(through_links(std::move(path))) {
  static std::atomic<unsigned> counter{0};
  std::error_code code;
  const auto present = fs::status(path_, code);
  if (fs::is_directory(present)) fail_with("write", path_, EISDIR);
  if (fs::exists(present) && !fs::is_regular_file(present)) {  // a device or a pipe: it cannot be replaced by a file
    file_ = std::fopen(path_.c_str(), "wb");
    if (!file_) fail("write");
    return;
  }
  temporary_ = path_;
  temporary_ += fmt::format(".tmp.{}.{}", ::getpid(), counter++);
  if (path_.has_parent_path()) create_folder(path_.parent_path());
  file_ = std::fopen(temporary_.c_str(), "wb");
  if (!file_) fail("write");
}

AtomicFile::~AtomicFile() {
  if (!file_) return;
  std::fclose(file_);
  std::error_code code;
  if (!temporary_.empty()) fs::remove(temporary_, code);
}

void AtomicFile::fail(const char* action) const {
  fail_with(action, path_, errno);
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  if (bytes && std::fwrite(data, 1, bytes, file_) != bytes) fail("write");
}

void AtomicFile::commit() {
  if (temporary_.empty()) {
    std::FILE* const file = std::exchange(file_, nullptr);
    if (std::fclose(file) != 0) fail("write");
    return;
  }
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) fail("write");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("write");
  std::fclose(file_);
  file_ = nullptr;
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  if (const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY); descriptor >= 0) {
    ::fsync(descriptor);  // makes the rename durable; not every file system supports this
    ::close(descriptor);
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

namespace {
bool same_file(const fs::path& a, const fs::path& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code code;
  if (fs::equivalent(a, b, code)) return true;
  return fs::weakly_canonical(fs::absolute(a), code) == fs::weakly_canonical(fs::absolute(b), code);
}
}  // namespace

void require_separate(const std::vector<NamedPath>& read, const std::vector<NamedPath>& written) {
  const auto refuse = [](const NamedPath& a, const NamedPath& b, const char* what) {
    throw Error(fmt::format("{} and {} name the same file, {}: {}", a.option, b.option, b.path.string(), what),
                "give it another name");
  };
  for (std::size_t w = 0; w < written.size(); ++w) {
    for (const auto& input : read)
      if (same_file(parse_array_name(input.path).file, written[w].path))
        refuse(input, written[w], "the input would be overwritten");
    for (std::size_t other = 0; other < w; ++other)
      if (same_file(written[other].path, written[w].path))
        refuse(written[other], written[w], "one would overwrite the other");
  }
}

void remove_temporaries(const fs::path& folder) {
  static const std::regex temporary(R"(.*\.tmp\.[0-9]+\.[0-9]+)");
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && std::regex_match(entry.path().filename().string(), temporary))
      found.push_back(entry.path());
  std::error_code code;
  for (const fs::path& path : found) fs::remove(path, code);
}

}  // namespace palimpsest
