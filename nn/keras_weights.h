#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/tensor_file.h"

namespace palimpsest {

bool is_hdf5(const fs::path& path);  // by its first bytes; false when it cannot be read

// A VGG16 that Keras saved as HDF5, under torchvision's names and in its layouts. Known are the layers block1_conv1 ...
// block5_conv3, fc1, fc2 and predictions of keras.applications wherever they are in the file (saved weights, "notop"
// ones, whole models, models within models), and the unnamed layers of Keras 3's .weights.h5 (layers/conv2d_3/vars/0).
//
// Keras stores convolutions as (height, width, in, out) and dense layers as (in, out), and flattens pictures channels
// last: row (y * side + x) * channels + c of the first dense layer becomes column (c * side + y) * side + x here.
// Its convolutions are cross-correlations, as everybody's. metadata() says `normalisation` = caffe, which Keras' VGG16
// is trained with: planes B, G, R minus their means.
//
// Nothing in the file is followed out of it: no external links, no external storage. Throws Error naming the file.
class KerasWeights final : public TensorFile {
 public:
  explicit KerasWeights(fs::path path);

  const fs::path& path() const override { return path_; }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  bool has(const std::string& name) const override { return tensors_.contains(name); }
  const TensorInfo& info(const std::string& name) const override;
  std::vector<float> read_floats(const std::string& name) const override;

 private:
  struct Tensor {
    TensorInfo info;            // torchvision's shape
    std::string dataset;        // path in the file
    std::int64_t channels = 0;  // of a dense layer on flattened pictures: theirs; else 0
  };
  struct Stored;
  void add(const std::string& name, const Stored& stored);
  void find_flattened();
  const Tensor& find(const std::string& name) const;

  fs::path path_;
  std::map<std::string, std::string> metadata_{{"normalisation", "caffe"}};
  std::map<std::string, Tensor> tensors_;
};

}  // namespace palimpsest
