#include "nn/keras_archive.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/zip_file.h"

namespace palimpsest::nn {

namespace {

constexpr std::uint64_t longest_configuration = 16'000'000;         // bytes
constexpr std::uint64_t largest_weights = std::uint64_t{16} << 30;  // VGG19's with two moments have 1.7 GB

[[noreturn]] void not_unpacked(const fs::path& path, const fs::path& folder, const std::string& why) {
  throw Error(fmt::format("{} cannot be unpacked in {}: {}", path.string(), folder.string(), why),
              "free space there, or set TMPDIR to another folder");
}

fs::path temporary_folder(const fs::path& path) {
  std::error_code code;
  fs::path folder = fs::temp_directory_path(code);
  const char* const named = std::getenv("TMPDIR");
  if (code) not_unpacked(path, named ? named : "/tmp", code.message());
  return folder;
}

}  // namespace

KerasArchive::Temporary::~Temporary() {
  std::error_code ignored;
  if (!path.empty()) fs::remove(path, ignored);
}

KerasArchive::KerasArchive(const fs::path& path) {
  const ZipFile zip(path, ".keras archive", "save the model again with model.save, or copy the file again");
  if (zip.has("config.json") && zip.bytes_of("config.json") <= longest_configuration) {
    ZipFile::Reader reader(zip, "config.json");
    configuration_.resize(std::size_t(reader.bytes()));
    reader.read(configuration_.data(), configuration_.size());
    reader.finish();
  }
  ZipFile::Reader reader(zip, "model.weights.h5");
  if (reader.bytes() > largest_weights) reader.fail("has more bytes than a VGG with the state of its optimiser");
  const fs::path folder = temporary_folder(path);
  std::string name = (folder / "palimpsest-XXXXXX").string();
  const int opened = ::mkstemp(name.data());
  if (opened < 0) not_unpacked(path, folder, std::strerror(errno));
  weights_.path = name;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(::fdopen(opened, "wb"), std::fclose);
  std::vector<char> block(1 << 20);
  while (const std::size_t count = reader.read(block.data(), block.size()))
    if (std::fwrite(block.data(), 1, count, file.get()) != count) not_unpacked(path, folder, std::strerror(errno));
  if (std::fflush(file.get()) != 0) not_unpacked(path, folder, std::strerror(errno));
  reader.finish();
}

}  // namespace palimpsest::nn
