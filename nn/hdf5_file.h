#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/tensor_file.h"

namespace palimpsest::nn {

bool is_hdf5(const fs::path& path);  // by its first bytes; false when it cannot be read

// An HDF5 file, read only. External links, external storage and soft links are not followed. libhdf5 runs in a child
// process with limits on memory and time, because broken files can crash it. Throws Error naming the file.
class Hdf5File {
 public:
  // Messages name `path`; `opened` is where its bytes are, if elsewhere.
  explicit Hdf5File(fs::path path) : path_(path), opened_(std::move(path)) {}
  Hdf5File(fs::path path, fs::path opened) : path_(std::move(path)), opened_(std::move(opened)) {}

  struct Object {
    std::string name;      // "model_weights/fc1/fc1/kernel:0"
    bool data = false;     // a dataset; else a group
    bool outside = false;  // its values are in another file
    TensorInfo info;       // of a dataset, as stored; the dtype as safetensors spells it, else in words
    std::vector<std::string> weight_names;  // of a group: the attribute of that name
  };
  std::vector<Object> objects() const;  // all of them, sorted by name

  // Throws Error unless the dataset holds floats of 1 to 4 axes within the file.
  void require_weights(const Object& object) const;
  std::vector<float> read_floats(const std::string& dataset, std::int64_t count) const;  // row-major

  // The text, or texts, of an attribute of a group; "" is the file itself. Empty when it is missing.
  std::vector<std::string> texts(const std::string& group, const std::string& attribute) const;

 private:
  fs::path path_, opened_;
};

}  // namespace palimpsest::nn
