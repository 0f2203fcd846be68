#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/tensor_file.h"
#include "nn/pytorch_storages.h"
#include "nn/pytorch_tensor.h"

namespace palimpsest::nn {

// The weights in a file of torch.save, of either of its forms (nn/pytorch_storages.h), found by
// nn/pytorch_checkpoint.h. The pickle in it is read as data: nothing in it is called (nn/pickle.h). Sizes, strides and
// offsets are compared with the storages that they view; views, transposed and expanded tensors have the values that
// PyTorch gives them. metadata() has only the names of classes, if the file has them. Throws Error naming the file.
// Thread-safe.
class PytorchFile final : public TensorFile {
 public:
  explicit PytorchFile(fs::path path);

  const fs::path& path() const override { return path_; }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  const std::vector<std::string>& names() const override { return names_; }
  bool has(const std::string& name) const override { return tensors_.contains(name); }
  const TensorInfo& info(const std::string& name) const override;
  // From F32, F64, F16, BF16, BOOL and every integer type; throws Error for other types.
  std::vector<float> read_floats(const std::string& name) const override;

  std::vector<std::string> changes() const override { return changes_; }  // which part of the file the weights are

 private:
  struct Entry {
    TensorInfo info;
    PytorchTensor tensor;
    std::int64_t last = 0;  // the largest index into the storage, from the tensor's own first
  };
  void add(const std::string& name, const Pickle& object, Pickle::Id id);
  void require_inside(const std::string& name, Entry& entry) const;
  const Entry& find(const std::string& name) const;
  std::vector<float> stretch(const PytorchTensor& tensor, std::int64_t count) const;

  fs::path path_;
  std::unique_ptr<PytorchStorages> storages_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::string> names_, changes_;
  std::map<std::string, Entry> tensors_;
};

}  // namespace palimpsest::nn
