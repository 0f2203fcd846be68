#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/hash64.h"
#include "data/mapped_file.h"
#include "data/pictures.h"

// The packed file of decoded pictures. Layout, little endian:
//   pixels     kept x 3 size^2 bytes
//   index      the Outcome of each sample of the set, then padding to a multiple of 8 bytes
//   trailer    64 bytes: magic, key, checksum, kept, samples, size, bytes of the index
// The trailer comes last, so that the file is written sequentially; a truncated file has none.
namespace palimpsest::data {

// The outcome of one sample: cropped from `box`, or skipped for a reason.
struct Outcome {
  std::optional<Cropped> cropped;
  std::string reason;
  bool tagged = false, more = false;  // as in Picture
};

// The path of the set's cache: the name depends on the ids and the options, so that each size has its own.
fs::path cache_path(const Dataset& dataset, const PictureOptions& options);

// Changes when a picture's size or time of change, its landmarks or box, or an option does.
std::uint64_t cache_key(const Dataset& dataset, const PictureOptions& options);

class CacheWriter {
 public:
  CacheWriter(const fs::path& path, std::uint64_t key, int size);
  void append(const std::uint8_t* pixels);
  void commit(const std::vector<Outcome>& outcomes);

 private:
  AtomicFile file_;
  std::uint64_t key_;
  int size_;
  std::uint64_t kept_ = 0;
  Hash64 checksum_;
};

struct CacheContents {
  std::vector<Outcome> outcomes;
  MappedFile file;
};

// Nothing if the file is missing or stale (its key differs), or if it is damaged, with the reason in `damage`.
std::optional<CacheContents> open_cache(const fs::path& path, std::uint64_t key, std::size_t samples, int size,
                                        std::string& damage);

}  // namespace palimpsest::data
