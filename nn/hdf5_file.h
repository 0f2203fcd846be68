#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/tensor_file.h"

namespace palimpsest::nn {

bool is_hdf5(const fs::path& path);  // by its first bytes; false when it cannot be read

// An HDF5 file, read only. External links, external storage and soft links are not followed. Throws Error naming the
// file.
class Hdf5File {
 public:
  explicit Hdf5File(const fs::path& path);
  ~Hdf5File();
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;

  struct Object {
    std::string name;   // "model_weights/fc1/fc1/kernel:0"
    bool data = false;  // a dataset; else a group
    TensorInfo info;    // of a dataset, as stored; the dtype as safetensors spells it, else in words
  };
  std::vector<Object> objects() const;  // all of them, sorted by name

  // Throws Error unless the dataset holds floats of 1 to 4 axes within the file.
  void require_weights(const Object& object) const;
  std::vector<float> read_floats(const std::string& dataset, std::int64_t count) const;  // row-major

  // The text, or texts, of an attribute of a group; "" is the file itself. Empty when it is missing.
  std::vector<std::string> texts(const std::string& group, const std::string& attribute) const;

 private:
  [[noreturn]] void unusable(const std::string& why) const;
  Object describe(const std::string& name) const;
  void require_inside(const std::string& dataset) const;
  fs::path path_;
  std::int64_t file_ = -1;
};

}  // namespace palimpsest::nn
