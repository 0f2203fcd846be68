#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "nn/pickle.h"

namespace palimpsest::nn {

// The flat arrays of a PyTorch file, by key.
class PytorchStorages {
 public:
  using Sink = std::function<void(std::span<char> bytes)>;  // may change them
  static constexpr std::size_t kBlock = 1 << 18;            // a multiple of every element's size

  virtual ~PytorchStorages() = default;
  PytorchStorages(const PytorchStorages&) = delete;
  PytorchStorages& operator=(const PytorchStorages&) = delete;

  virtual std::uint64_t bytes_of(const std::string& key) const = 0;  // throws Error when it is missing
  // Passes bytes `from` to `from + count` on, in blocks of kBlock and a shorter last one.
  virtual void read(const std::string& key, std::uint64_t from, std::uint64_t count, const Sink& sink) const = 0;
  virtual bool big_endian() const { return false; }

 protected:
  PytorchStorages() = default;
};

// What torch.save wrote: an object, whose tensors view the storages.
struct PytorchArchive {
  Pickle object;
  std::unique_ptr<PytorchStorages> storages;
};

// A zip archive, as torch.save writes since version 1.6: NAME/data.pkl is the object, NAME/data/KEY a storage.
PytorchArchive open_pytorch_zip(const fs::path& path);

// Before version 1.6: pickles of a magic number, a version, the system, the object and the storages' keys; then each
// storage, its number of elements first. Its numbers are little endian on every system.
PytorchArchive open_pytorch_legacy(const fs::path& path);

}  // namespace palimpsest::nn
