#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"

namespace palimpsest {

// One tensor as a file of weights describes it.
struct TensorInfo {
  std::string dtype;                // as safetensors spells it: F32, F64, F16, BF16, I64, BOOL, ...
  std::vector<std::int64_t> shape;  // empty for a scalar

  std::int64_t count() const;  // elements
};

// Named tensors in a file, whatever its format. Tensors are read one by one when asked for.
class TensorFile {
 public:
  virtual ~TensorFile() = default;

  virtual const fs::path& path() const = 0;
  virtual const std::map<std::string, std::string>& metadata() const = 0;
  virtual bool has(const std::string& name) const = 0;
  virtual const TensorInfo& info(const std::string& name) const = 0;          // throws Error when it is not there
  virtual std::vector<float> read_floats(const std::string& name) const = 0;  // row-major

 protected:
  TensorFile() = default;
  TensorFile(const TensorFile&) = default;
  TensorFile& operator=(const TensorFile&) = default;
  TensorFile(TensorFile&&) = default;
  TensorFile& operator=(TensorFile&&) = default;
};

}  // namespace palimpsest
