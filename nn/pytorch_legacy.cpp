#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>

#include "base/error.h"
#include "base/excerpt.h"
#include "nn/pytorch_storages.h"
#include "nn/pytorch_tensor.h"

namespace palimpsest::nn {

namespace {

using namespace std::string_view_literals;
using Kind = Pickle::Kind;

class File {
 public:
  explicit File(fs::path path) : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status{};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
      throw Error(fmt::format("cannot read {}: {}", path_.string(), std::strerror(errno)), "check the path");
    size_ = std::uint64_t(status.st_size);
  }
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Fewer only at the end.
  std::size_t read(char* to, std::size_t most, std::uint64_t from) const {
    std::size_t done = 0;
    while (done < most) {
      const ssize_t got = ::pread(descriptor_, to + done, most - done, off_t(from + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        throw Error(fmt::format("cannot read {}: {}", path_.string(), std::strerror(errno)), "check the disk");
      if (got == 0) break;
      done += std::size_t(got);
    }
    return done;
  }
  std::uint64_t size() const { return size_; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

struct Place {
  std::uint64_t begin = 0, bytes = 0;
};

class LegacyStorages final : public PytorchStorages {
 public:
  LegacyStorages(std::unique_ptr<File> file, std::map<std::string, Place> places)
      : file_(std::move(file)), places_(std::move(places)) {}

  std::uint64_t bytes_of(const std::string& key) const override { return place_of(key).bytes; }

  void read(const std::string& key, std::uint64_t from, std::uint64_t count, const Sink& sink) const override {
    const std::uint64_t begin = place_of(key).begin + from;
    std::vector<char> block(std::size_t(std::min<std::uint64_t>(count, kBlock)));
    for (std::uint64_t done = 0; done < count;) {
      const auto part = std::span(block).first(std::size_t(std::min<std::uint64_t>(count - done, kBlock)));
      if (file_->read(part.data(), part.size(), begin + done) != part.size())
        unusable_pytorch(file_->path(), "it became shorter while it was being read");
      sink(part);
      done += part.size();
    }
  }

 private:
  const Place& place_of(const std::string& key) const {
    const auto at = places_.find(key);
    if (at == places_.end()) unusable_pytorch(file_->path(), fmt::format("it has no storage '{}'", excerpt(key)));
    return at->second;
  }
  std::unique_ptr<File> file_;
  std::map<std::string, Place> places_;
};

// The pickles of a file, each after the one before.
class Pickles {
 public:
  explicit Pickles(const File& file) : file_(file) {}
  Pickle next() {
    PickleBytes bytes(file_.path(), [&, from = end_](char* to, std::size_t most) mutable {
      const auto got = file_.read(to, most, from);
      from += got;
      return got;
    });
    Pickle pickle(bytes);
    end_ += bytes.position();
    return pickle;
  }
  std::uint64_t end() const { return end_; }

 private:
  const File& file_;
  std::uint64_t end_ = 0;
};

void require_version(Pickles& pickles, const fs::path& path) {
  const Pickle magic = pickles.next(), version = pickles.next();
  const auto& number = magic.at(magic.top());
  const bool known =
      number.text == "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv || number.text == "119547037146038801333356"sv;
  if (number.kind != Kind::wide_integer || !known) unusable_pytorch(path, "it does not begin with PyTorch's number");
  const auto& value = version.at(version.top());
  if (value.kind != Kind::integer || value.number != 1001) unusable_pytorch(path, "its version is unknown");
}

// The storages that the object names.
std::map<std::string, PytorchStorage> storages_of(const Pickle& object) {
  std::map<std::string, PytorchStorage> storages;
  for (const auto& value : object.values())
    if (const auto storage = storage_of(object, value)) storages.try_emplace(storage->key, *storage);
  return storages;
}

std::map<std::string, Place> places_of(const File& file, const Pickle& object, const Pickle& keys, std::uint64_t from) {
  const auto fail = [&](const std::string& why) { unusable_pytorch(file.path(), why); };
  const auto storages = storages_of(object);
  if (keys.at(keys.top()).kind != Kind::list) fail("it has no list of its storages");
  std::map<std::string, Place> places;
  for (const auto id : keys.at(keys.top()).items) {
    const auto at = storages.find(keys.at(id).text);
    if (at == storages.end())
      fail(fmt::format("its storage '{}' is not described by its pickle, or is of an unknown type",
                       excerpt(keys.at(id).text)));
    std::uint64_t count = 0, bytes = 0;  // on the systems of today, as in the file
    if (from > file.size() || file.read(reinterpret_cast<char*>(&count), 8, from) != 8) fail("it is cut short");
    from += 8;
    if (__builtin_mul_overflow(count, std::uint64_t(at->second.item), &bytes) || bytes > file.size() - from)
      fail(fmt::format("its storage '{}' has {} elements, more than the file", excerpt(at->first), count));
    if (!places.try_emplace(at->first, Place{from, bytes}).second)
      fail(fmt::format("its storage '{}' occurs twice", excerpt(at->first)));
    from += bytes;
  }
  if (from != file.size()) fail(fmt::format("{} bytes follow its last storage", file.size() - from));
  return places;
}

}  // namespace

PytorchArchive open_pytorch_legacy(const fs::path& path) {
  auto file = std::make_unique<File>(path);
  Pickles pickles(*file);
  require_version(pickles, path);
  static_cast<void>(pickles.next());  // sizes of types on the system that wrote it
  Pickle object = pickles.next();
  const Pickle keys = pickles.next();
  auto places = places_of(*file, object, keys, pickles.end());
  return {std::move(object), std::make_unique<LegacyStorages>(std::move(file), std::move(places))};
}

}  // namespace palimpsest::nn
