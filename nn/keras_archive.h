#pragma once
#include <string>

#include "base/files.h"

namespace palimpsest::nn {

// A .keras archive: a zip archive of a model's configuration and of its weights as HDF5, which are unpacked to a
// temporary file that lasts as long as this does. Throws Error naming the archive.
class KerasArchive {
 public:
  explicit KerasArchive(const fs::path& path);

  const std::string& configuration() const { return configuration_; }  // JSON; empty: the archive has none
  const fs::path& weights() const { return weights_.path; }

 private:
  struct Temporary {
    Temporary() = default;
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary();
    fs::path path;
  };
  std::string configuration_;
  Temporary weights_;
};

}  // namespace palimpsest::nn
