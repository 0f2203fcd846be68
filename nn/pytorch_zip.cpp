#include <algorithm>
#include <bit>

#include "base/error.h"
#include "base/excerpt.h"
#include "base/zip_file.h"
#include "nn/pytorch_storages.h"

namespace palimpsest::nn {

namespace {

class ZipStorages final : public PytorchStorages {
 public:
  ZipStorages(std::unique_ptr<ZipFile> zip, std::string folder, bool big)
      : zip_(std::move(zip)), folder_(std::move(folder)), big_(big) {}

  std::uint64_t bytes_of(const std::string& key) const override { return zip_->bytes_of(folder_ + "data/" + key); }
  bool big_endian() const override { return big_; }

  void read(const std::string& key, std::uint64_t from, std::uint64_t count, const Sink& sink) const override {
    const std::string name = folder_ + "data/" + key;
    const bool whole = from == 0 && count == zip_->bytes_of(name);
    ZipFile::Reader reader(*zip_, name);
    reader.skip(from);
    std::vector<char> block(std::size_t(std::min<std::uint64_t>(count, kBlock)));
    for (std::uint64_t left = count; left > 0;) {
      const auto part = std::span(block).first(std::size_t(std::min<std::uint64_t>(left, kBlock)));
      if (reader.read(part.data(), part.size()) != part.size()) reader.fail("is cut short");
      sink(part);
      left -= part.size();
    }
    if (whole) reader.finish();
  }

 private:
  std::unique_ptr<ZipFile> zip_;
  std::string folder_;  // within the archive, with its '/'
  bool big_;
};

// The folder of data.pkl within the archive.
std::string folder_in(const ZipFile& zip, const fs::path& path) {
  std::string found;
  int count = 0;
  for (const auto& name : zip.names())
    if (name == "data.pkl" || name.ends_with("/data.pkl")) {
      found = name.substr(0, name.size() - std::string_view("data.pkl").size());
      ++count;
    }
  if (count == 0) unusable_pytorch(path, "its zip archive has no data.pkl");
  if (count > 1) unusable_pytorch(path, "its zip archive has several data.pkl", "unzip it and give one of the files");
  return found;
}

std::string small_text(const ZipFile& zip, const std::string& name) {
  std::string text(20, '\0');
  ZipFile::Reader reader(zip, name);
  text.resize(reader.read(text.data(), text.size()));
  if (text.size() == reader.bytes()) reader.finish();
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

bool is_big_endian(const ZipFile& zip, const std::string& folder, const fs::path& path) {
  if (!zip.has(folder + "byteorder")) return false;  // before version 2.1, on the usual systems
  const auto order = small_text(zip, folder + "byteorder");
  if (order != "little" && order != "big")
    unusable_pytorch(path, fmt::format("it has the unknown byte order '{}'", excerpt(order)));
  return order == "big";
}

Pickle read_object(const ZipFile& zip, const std::string& name, const fs::path& path) {
  ZipFile::Reader reader(zip, name);
  PickleBytes bytes(path, [&](char* to, std::size_t most) { return reader.read(to, most); });
  Pickle object(bytes);
  if (bytes.position() != reader.bytes()) reader.fail("has bytes after its pickle");
  reader.finish();
  return object;
}

}  // namespace

PytorchArchive open_pytorch_zip(const fs::path& path) {
  auto zip = std::make_unique<ZipFile>(path, "PyTorch file", kPytorchRemedy);
  const std::string folder = folder_in(*zip, path);
  const bool big = is_big_endian(*zip, folder, path);
  Pickle object = read_object(*zip, folder + "data.pkl", path);
  return {std::move(object), std::make_unique<ZipStorages>(std::move(zip), folder, big)};
}

}  // namespace palimpsest::nn
