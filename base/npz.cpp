#include "base/npz.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"

namespace palimpsest {

namespace {

constexpr std::string_view suffix = ".npy";

bool fits_in_memory(std::uint64_t bytes) {
  const auto memory = std::uint64_t(::sysconf(_SC_PHYS_PAGES)) * std::uint64_t(::sysconf(_SC_PAGE_SIZE));
  return bytes < memory / 10 * 8;
}

}  // namespace

namespace {
fs::path existing(const fs::path& file) {
  std::error_code code;
  if (!fs::is_regular_file(file, code))
    throw Error(fmt::format("{} is {}", file.string(), fs::exists(file, code) ? "not a file" : "missing"),
                "check the path");
  return file;
}
}  // namespace

NpzArchive::NpzArchive(const fs::path& file)
    : file_(existing(file)), zip_(file, ".npz archive", "copy it again, or write it again with numpy.savez") {
  for (const std::string_view name : zip_.names())
    if (name.ends_with(suffix)) members_.emplace_back(name.substr(0, name.size() - suffix.size()));
  if (members_.empty())
    throw Error(fmt::format("{} is a zip archive without arrays (.npy)", file.string()), "write them with numpy.savez");
}

bool NpzArchive::has(const std::string& member) const {
  return std::find(members_.begin(), members_.end(), member) != members_.end();
}

std::string NpzArchive::list() const {
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, members_.size()); ++i) text += (i == 0 ? "" : ", ") + members_[i];
  return members_.size() > most ? fmt::format("{}, ... ({} in all)", text, members_.size()) : text;
}

const std::string& NpzArchive::only_member() const {
  if (members_.size() != 1)
    throw Error(fmt::format("{} has {} arrays: {}", file_.string(), members_.size(), list()),
                fmt::format("name one of them: {}", name_of(members_.front()).string()));
  return members_.front();
}

fs::path NpzArchive::name_of(const std::string& member) const {
  return fmt::format("{}[{}]", file_.string(), member);
}

std::string NpzArchive::read(const std::string& member,
                             const std::function<void(std::string_view, std::uint64_t)>& check) const {
  if (!has(member))
    throw Error(fmt::format("{} has no array {}; it has {}", file_.string(), member, list()), "name one of these");
  const std::string name = member + std::string(suffix);
  const std::uint64_t size = zip_.bytes_of(name);
  if (!fits_in_memory(size))
    throw Error(fmt::format("{} takes {:.1f} GB, more than this machine's memory holds", name_of(member).string(),
                            double(size) / 1e9),
                "save it in parts");
  ZipFile::Reader reader(zip_, name);
  std::string bytes;
  const auto read_to = [&](std::uint64_t end) {
    const std::size_t from = bytes.size();
    bytes.resize(end);
    if (reader.read(bytes.data() + from, end - from) < end - from) reader.fail("is cut short");
  };
  read_to(std::min<std::uint64_t>(size, 1 << 20));
  check(bytes, size);
  read_to(size);
  reader.finish();
  return bytes;
}

}  // namespace palimpsest
