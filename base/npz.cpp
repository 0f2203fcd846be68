#include "base/npz.h"

#include <unistd.h>
#include <zip.h>

#include <algorithm>

#include "base/error.h"

namespace palimpsest {

namespace {

constexpr std::string_view suffix = ".npy";

// Deflate expresses at most 258 bytes by 2 bits.
constexpr std::uint64_t most_by_deflate = 1032;

struct Shut {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

bool fits_in_memory(std::uint64_t bytes) {
  const auto memory = std::uint64_t(::sysconf(_SC_PHYS_PAGES)) * std::uint64_t(::sysconf(_SC_PAGE_SIZE));
  return bytes < memory / 10 * 8;
}

}  // namespace

void NpzArchive::Close::operator()(zip* archive) const {
  zip_discard(archive);
}

void NpzArchive::broken(const std::string& why) const {
  throw Error(fmt::format("{} is not a usable .npz archive: {}", file_.string(), why),
              "copy it again, or write it again with numpy.savez");
}

NpzArchive::NpzArchive(const fs::path& file) : file_(file) {
  std::error_code code;
  if (!fs::is_regular_file(file, code))
    throw Error(fmt::format("{} is {}", file.string(), fs::exists(file, code) ? "not a file" : "missing"),
                "check the path");
  int error = 0;
  zip_.reset(zip_open(file.c_str(), ZIP_RDONLY, &error));
  if (!zip_) {
    zip_error_t reason;
    zip_error_init_with_code(&reason, error);
    const std::string why = zip_error_strerror(&reason);
    zip_error_fini(&reason);
    broken(why);
  }
  for (zip_int64_t i = 0; i < zip_get_num_entries(zip_.get(), 0); ++i) {
    const char* const raw = zip_get_name(zip_.get(), zip_uint64_t(i), ZIP_FL_ENC_RAW);
    const std::string_view name = raw ? raw : "";
    if (name.ends_with(suffix)) members_.emplace_back(name.substr(0, name.size() - suffix.size()));
  }
  auto sorted = members_;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    broken(fmt::format("it has two members {}", *twice));
  if (members_.empty()) broken("it has no member .npy");
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
  const std::string stored_name = member + std::string(suffix);
  zip_stat_t entry;
  zip_stat_init(&entry);
  constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat(zip_.get(), stored_name.c_str(), ZIP_FL_ENC_RAW, &entry) != 0 || (entry.valid & needed) != needed)
    broken(fmt::format("its member {} cannot be examined", member));
  if ((entry.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && entry.encryption_method != ZIP_EM_NONE)
    broken(fmt::format("its member {} is encrypted", member));
  if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE)
    broken(fmt::format("its member {} is compressed by zip's method {}, not by deflate", member, entry.comp_method));
  const bool possible = entry.comp_method == ZIP_CM_STORE ? entry.size == entry.comp_size
                                                          : entry.size / most_by_deflate <= entry.comp_size;
  if (!possible || entry.comp_size > fs::file_size(file_))
    broken(fmt::format("its member {} claims {} bytes, which its {} stored bytes cannot hold", member, entry.size,
                       entry.comp_size));
  if (!fits_in_memory(entry.size))
    throw Error(fmt::format("{} takes {:.1f} GB, more than this machine's memory holds", name_of(member).string(),
                            double(entry.size) / 1e9),
                "save it in parts");

  const std::unique_ptr<zip_file_t, Shut> stream(zip_fopen(zip_.get(), stored_name.c_str(), ZIP_FL_ENC_RAW));
  if (!stream) broken(fmt::format("its member {} cannot be opened: {}", member, zip_strerror(zip_.get())));
  const auto read_to = [&](std::string& bytes, std::uint64_t end) {
    std::uint64_t at = bytes.size();
    bytes.resize(end);
    while (at < end) {
      const zip_int64_t count = zip_fread(stream.get(), bytes.data() + at, end - at);
      if (count < 0) broken(fmt::format("its member {}: {}", member, zip_file_strerror(stream.get())));
      if (count == 0) broken(fmt::format("its member {} is cut short", member));
      at += std::uint64_t(count);
    }
  };
  std::string bytes;
  read_to(bytes, std::min<std::uint64_t>(entry.size, 1 << 20));
  check(bytes, entry.size);
  bytes.reserve(entry.size);
  read_to(bytes, entry.size);
  char beyond = 0;  // reading past the end compares the checksum
  const zip_int64_t more = zip_fread(stream.get(), &beyond, 1);
  if (more < 0) broken(fmt::format("its member {}: {}", member, zip_file_strerror(stream.get())));
  if (more > 0) broken(fmt::format("its member {} is longer than its {} bytes", member, entry.size));
  return bytes;
}

}  // namespace palimpsest
