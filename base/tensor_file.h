#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// One tensor as a weights file describes it.
struct TensorInfo {
  std::string dtype;                // as safetensors spells it: F32, F64, F16, BF16, I64, BOOL, ...
  std::vector<std::int64_t> shape;  // empty for a scalar

  std::int64_t count() const;  // elements
};

// A tensor as stored in the file, for messages and listings.
struct StoredTensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

// Named tensors in a file of any format. Tensors are read individually on request. A format with its own layout may
// present tensors under other names and in other shapes than it stores them in.
class TensorFile {
 public:
  virtual ~TensorFile() = default;

  virtual const fs::path& path() const = 0;
  virtual const std::map<std::string, std::string>& metadata() const = 0;
  virtual const std::vector<std::string>& names() const = 0;  // of every tensor, in the file's order
  virtual bool has(const std::string& name) const = 0;
  virtual const TensorInfo& info(const std::string& name) const = 0;          // throws Error when it is missing
  virtual std::vector<float> read_floats(const std::string& name) const = 0;  // row-major
  virtual StoredTensor stored(const std::string& name) const { return {name, info(name).shape}; }

  // What became of a tensor that is part of others here, as in "folded into features.0"; empty: it stands for itself.
  virtual std::string fate(const std::string& /*name*/) const { return {}; }
  // What was assumed or changed to present the tensors as they are here, in words.
  virtual std::vector<std::string> changes() const { return {}; }

 protected:
  TensorFile() = default;
  TensorFile(const TensorFile&) = default;
  TensorFile& operator=(const TensorFile&) = default;
  TensorFile(TensorFile&&) = default;
  TensorFile& operator=(TensorFile&&) = default;
};

}  // namespace palimpsest
