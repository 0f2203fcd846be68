#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "nn/names_in_file.h"

namespace palimpsest::nn {

// A weights file of PyTorch's kind under torchvision's names, with batch normalisation folded into the layers:
//   after a layer   w' = s w,       b' = s (b - mean) + shift,    s = scale / sqrt(variance + epsilon), per output
//   before it       w'_oi = w_oi s_i,   b'_o = b_o + sum_i w_oi (shift_i - mean_i s_i)
// in double precision. Names that need no change, and tensors of no layer, are the file's; "file/NAME" where NAME now
// is another tensor's.
class TorchWeights final : public TensorFile {
 public:
  explicit TorchWeights(std::unique_ptr<TensorFile> file);

  const fs::path& path() const override { return file_->path(); }
  const std::map<std::string, std::string>& metadata() const override { return file_->metadata(); }
  const std::vector<std::string>& names() const override { return names_; }
  bool has(const std::string& name) const override;
  const TensorInfo& info(const std::string& name) const override;
  std::vector<float> read_floats(const std::string& name) const override;
  StoredTensor stored(const std::string& name) const override;
  std::string fate(const std::string& name) const override;
  std::vector<std::string> changes() const override { return changes_; }

  const TensorFile& file() const { return *file_; }  // as it was saved
  bool caffe_names() const { return caffe_; }        // of Caffe's VGG and of VGG-Face

 private:
  // What a parameter is made of. `from` is empty for the bias of a layer that has none in the file.
  struct Source {
    std::string from;
    const LayerInFile* layer = nullptr;
    bool bias = false;
    TensorInfo info = {};
  };
  const Source* find(const std::string& name) const;
  const std::string& in_file(const std::string& name) const;  // of a tensor that is not in sources_
  std::vector<float> folded(const Source& source) const;

  std::unique_ptr<TensorFile> file_;
  std::vector<LayerInFile> layers_;
  std::map<std::string, Source> sources_;      // by torchvision's name
  std::map<std::string, std::string> fates_;   // of the file's tensors that are folded into others
  std::map<std::string, std::string> hidden_;  // "file/NAME" -> NAME
  std::vector<std::string> names_, changes_;
  bool caffe_ = false;
};

}  // namespace palimpsest::nn
