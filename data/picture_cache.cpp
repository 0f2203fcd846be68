#include "data/picture_cache.h"

#include <sys/stat.h>

#include <bit>
#include <cstring>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"

namespace palimpsest::data {

namespace {

static_assert(std::endian::native == std::endian::little, "cache files are little endian");

struct Trailer {
  char magic[16];
  std::uint64_t key, checksum, kept, samples, size, index_bytes;
};
static_assert(sizeof(Trailer) == 64);
constexpr char magic[16] = "palimpsest pix1";  // the number counts versions of this layout and of the scaling
constexpr int decoding = 3;  // increases when the pixels of some files or the reasons for skipped ones change

void add_options(Hash64& hash, const PictureOptions& options) {
  hash.add_number(options.size).add_number(int(options.crop.crop)).add_number(options.crop.margin);
  hash.add_number(int(options.crop.bottom_cut));
  if (options.orientation != Orientation::stored) hash.add_number(int(options.orientation));
}

template <typename T>
void put(std::string& to, const T& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Takes values from the front of the index; `good` becomes false when it ends too early.
struct Taker {
  std::string_view rest;
  bool good = true;

  template <typename T>
  T take() {
    T value{};
    if (rest.size() < sizeof value) {
      good = false;
      return value;
    }
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
  }
  std::string take_text() {
    const auto length = take<std::uint32_t>();
    if (length > rest.size()) good = false;
    std::string text(rest.substr(0, good ? length : 0));
    rest.remove_prefix(text.size());
    return text;
  }
};

std::string pack(const std::vector<Outcome>& outcomes) {
  std::string index;
  for (const auto& outcome : outcomes) {
    put(index, std::uint8_t(outcome.cropped ? 1 + int(outcome.cropped->used) : 0));
    if (outcome.cropped) {
      put(index, std::uint8_t((outcome.tagged ? 1 : 0) + (outcome.more ? 2 : 0)));
      put(index, outcome.cropped->box);
    } else {
      put(index, std::uint32_t(outcome.reason.size()));
      index += outcome.reason;
    }
  }
  index.append((8 - index.size() % 8) % 8, '\0');
  return index;
}

bool unpack(std::string_view index, std::uint64_t kept, std::vector<Outcome>& outcomes) {
  Taker taker{index};
  for (auto& outcome : outcomes) {
    const auto kind = taker.take<std::uint8_t>();
    if (kind > 3) return false;
    if (kind > 0) {
      const auto notes = taker.take<std::uint8_t>();
      outcome.tagged = (notes & 1) != 0;
      outcome.more = (notes & 2) != 0;
      outcome.cropped = Cropped{taker.take<Box>(), Crop(kind - 1)};
      --kept;
    } else {
      outcome.reason = taker.take_text();
    }
    if (!taker.good) return false;
  }
  return kept == 0;
}

}  // namespace

fs::path cache_path(const Dataset& dataset, const PictureOptions& options) {
  Hash64 hash;
  add_options(hash, options);
  for (const auto& sample : dataset.samples) hash.add(sample.id);
  const auto kind = dataset.name.substr(0, dataset.name.find(':'));
  return options.cache_folder / fmt::format("{}-{}-{:016x}.pictures", kind, options.size, hash.value());
}

std::uint64_t cache_key(const Dataset& dataset, const PictureOptions& options) {
  Hash64 hash;
  hash.add_number(decoding);
  add_options(hash, options);
  for (const auto& sample : dataset.samples) {
    struct stat status{};  // a missing file counts as size 0, time 0
    if (::stat(sample.image.c_str(), &status) != 0) status = {};
    hash.add(sample.id).add_number(std::int64_t(status.st_size));
    hash.add_number(std::int64_t(status.st_mtim.tv_sec)).add_number(std::int64_t(status.st_mtim.tv_nsec));
    if (sample.face) hash.add(&*sample.face, sizeof(Box));
    hash.add(sample.landmarks.data(), sample.landmarks.size() * sizeof(Point));
  }
  return hash.value();
}

CacheWriter::CacheWriter(const fs::path& path, std::uint64_t key, int size) : file_(path), key_(key), size_(size) {}

void CacheWriter::append(const std::uint8_t* pixels) {
  const std::size_t bytes = 3 * std::size_t(size_) * std::size_t(size_);
  checksum_.add(pixels, bytes);
  file_.write(pixels, bytes);
  ++kept_;
}

void CacheWriter::commit(const std::vector<Outcome>& outcomes) {
  const std::string index = pack(outcomes);
  Trailer trailer{{}, key_, checksum_.add(index).value(), kept_, outcomes.size(), std::uint64_t(size_), index.size()};
  std::memcpy(trailer.magic, magic, sizeof magic);
  file_.write(index);
  file_.write(&trailer, sizeof trailer);
  file_.commit();
}

std::optional<CacheContents> open_cache(const fs::path& path, std::uint64_t key, std::size_t samples, int size,
                                        std::string& damage) {
  std::error_code code;
  if (!fs::is_regular_file(path, code)) return std::nullopt;
  CacheContents contents{std::vector<Outcome>(samples), MappedFile(path)};
  const std::uint64_t bytes = contents.file.size(), per_picture = 3 * std::uint64_t(size) * std::uint64_t(size);
  Trailer trailer{};
  if (bytes >= sizeof trailer) std::memcpy(&trailer, contents.file.data() + bytes - sizeof trailer, sizeof trailer);
  if (std::memcmp(trailer.magic, magic, sizeof magic) != 0) {
    damage = "it is cut short, or not a picture cache";
    return std::nullopt;
  }
  if (trailer.key != key) return std::nullopt;
  if (trailer.samples != samples || trailer.size != std::uint64_t(size) || trailer.kept > samples ||
      trailer.index_bytes > bytes || trailer.kept * per_picture + trailer.index_bytes + sizeof trailer != bytes) {
    damage = "its parts are inconsistent";
    return std::nullopt;
  }
  Hash64 checksum;
  Progress progress(fmt::format("checking {}", path.string()), std::int64_t(trailer.kept));
  for (std::uint64_t i = 0; i < trailer.kept; ++i) {
    checksum.add(contents.file.data() + i * per_picture, per_picture);
    if (i % 256 == 255) progress.advance(256);
    check_interrupt();
  }
  const std::string_view index(reinterpret_cast<const char*>(contents.file.data()) + trailer.kept * per_picture,
                               trailer.index_bytes);
  if (checksum.add(index).value() != trailer.checksum || !unpack(index, trailer.kept, contents.outcomes)) {
    damage = "its checksum is wrong";
    return std::nullopt;
  }
  return contents;
}

}  // namespace palimpsest::data
