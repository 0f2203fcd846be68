#include "base/zip_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/excerpt.h"

namespace palimpsest {

namespace {
constexpr std::uint64_t kMostDeflated = 1032;  // bytes that a byte of deflate can stand for
}

ZipFile::ZipFile(const fs::path& path, std::string kind, std::string remedy)
    : path_(path), kind_(std::move(kind)), remedy_(std::move(remedy)) {
  int code = 0;
  archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive_) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    unusable(fmt::format("its zip archive is cut short or damaged ({})", why));
  }
  std::error_code error;
  size_ = fs::file_size(path, error);
  if (error) unusable(error.message());
  const auto count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* const name = zip_get_name(archive_.get(), zip_uint64_t(i), ZIP_FL_ENC_RAW);
    if (!name) continue;
    const auto [at, is_new] = entries_.try_emplace(name, Entry{std::uint64_t(i), false});
    if (is_new) names_.emplace_back(name);
    at->second.twice = !is_new;
  }
}

void ZipFile::damaged(const std::string& name, const std::string& why) const {
  unusable(fmt::format("{} in it {}", excerpt(name), why));
}

void ZipFile::unusable(const std::string& why) const {
  throw Error(fmt::format("{} is not a usable {}: {}", path_.string(), kind_, why), remedy_);
}

std::uint64_t ZipFile::index_of(const std::string& name) const {
  const auto at = entries_.find(name);
  if (at == entries_.end()) unusable(fmt::format("it has no {}", excerpt(name)));
  if (at->second.twice) damaged(name, "occurs twice");
  return at->second.index;
}

zip_stat_t ZipFile::status_of(const std::string& name) const {
  const auto index = index_of(name);
  const std::lock_guard lock(reading_);
  zip_stat_t status;
  constexpr zip_uint64_t wanted = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_CRC;
  if (zip_stat_index(archive_.get(), index, 0, &status) != 0 || (status.valid & wanted) != wanted)
    damaged(name, "has no size");
  return status;
}

std::uint64_t ZipFile::bytes_of(const std::string& name) const {
  const auto status = status_of(name);
  const bool stored = status.comp_method == ZIP_CM_STORE;
  if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE)
    damaged(name, "is encrypted");
  if (!stored && status.comp_method != ZIP_CM_DEFLATE)
    damaged(name, fmt::format("is compressed by zip's method {}, not by deflate", status.comp_method));
  const bool possible = status.comp_size <= size_ &&
                        (stored ? status.size == status.comp_size : status.size / kMostDeflated <= status.comp_size);
  if (!possible)
    damaged(name, fmt::format("claims {} bytes, which its {} stored bytes cannot hold", status.size, status.comp_size));
  return status.size;
}

ZipFile::Reader::Reader(const ZipFile& file, const std::string& name)
    : file_(file),
      name_(name),
      bytes_(file.bytes_of(name)),
      checked_(file.status_of(name).crc != 0),
      lock_(file.reading_),
      opened_(zip_fopen_index(file.archive_.get(), file.index_of(name), 0)) {
  if (!opened_) file.damaged(name, fmt::format("cannot be read ({})", zip_strerror(file.archive_.get())));
}

std::size_t ZipFile::Reader::read(char* to, std::size_t most) {
  most = std::size_t(std::min<std::uint64_t>(most, bytes_ - position_));  // the checksum counts after the last
  std::size_t done = 0;
  while (done < most) {
    const auto got = zip_fread(opened_.get(), to + done, most - done);
    if (got < 0) fail(fmt::format("is damaged ({})", zip_file_strerror(opened_.get())));
    if (got == 0) break;
    done += std::size_t(got);
  }
  position_ += done;
  return done;
}

void ZipFile::Reader::skip(std::uint64_t bytes) {
  if (bytes == 0) return;
  if (zip_fseek(opened_.get(), zip_int64_t(bytes), SEEK_SET) == 0) {
    position_ = bytes;
    return;
  }
  std::array<char, 1 << 14> dropped;
  while (bytes > 0) {
    const auto got = read(dropped.data(), std::size_t(std::min<std::uint64_t>(bytes, dropped.size())));
    if (got == 0) fail("is cut short");
    bytes -= got;
  }
}

void ZipFile::Reader::finish() {
  char more = 0;
  if (position_ != bytes_) fail("is cut short");
  if (!checked_) return;
  const auto got = zip_fread(opened_.get(), &more, 1);
  if (got < 0) fail(fmt::format("is damaged ({})", zip_file_strerror(opened_.get())));
  if (got > 0) fail("has more bytes than it claims");
}

}  // namespace palimpsest
