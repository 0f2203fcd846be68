#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/tensor_file.h"
#include "nn/hdf5_file.h"

namespace palimpsest::nn {

// A VGG saved by Keras as HDF5, under torchvision's names and in its layouts. Supported are the layers block1_conv1
// ... block5_conv4, fc1, fc2 and predictions of keras.applications wherever they are in the file (saved weights,
// "notop" ones, whole models, models within models), those of VGG-Face (conv1_1 ... fc8), and the unnamed layers of
// Keras 3's .weights.h5 (layers/conv2d_3/vars/0). Every other dataset keeps its path as its name.
//
// Keras stores convolutions as (height, width, in, out) and dense layers as (in, out), and flattens pictures channels
// last: row (y * side + x) * channels + c of the first dense layer becomes column (c * side + y) * side + x here.
// Its convolutions are cross-correlations, as usual. metadata() has only the `size` that a model's configuration
// names.
//
// External links and external storage are not followed. Throws Error naming the file.
class KerasWeights final : public TensorFile {
 public:
  explicit KerasWeights(fs::path path);

  const fs::path& path() const override { return path_; }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  const std::vector<std::string>& names() const override { return names_; }
  bool has(const std::string& name) const override { return tensors_.contains(name); }
  const TensorInfo& info(const std::string& name) const override;
  std::vector<float> read_floats(const std::string& name) const override;
  StoredTensor stored(const std::string& name) const override;

  // Something in the file other than its tensors that a VGG16 does not have, as in "has batch normalisation"; empty:
  // nothing known. `in_head`: after the last block.
  struct Objection {
    std::string has;
    bool in_head = false;
    std::string remedy = "give the weights of the keras.applications VGG16";
  };
  const Objection& objection() const { return objection_; }
  // The normalisation for such files: caffe, or that of VGG-Face.
  const std::string& customary_normalisation() const { return normalisation_; }
  bool configured() const { return configured_; }  // a configuration specifies the activations
  bool flattens() const { return flattens_; }      // the file has a flatten layer
  bool numbered() const { return numbered_; }      // layers have numbers and no names

 private:
  struct Tensor {
    TensorInfo info;  // torchvision's shape
    StoredTensor stored;
    std::int64_t channels = 0;  // of a dense layer on flattened pictures: theirs; else 0
    bool parameter = false;
  };
  void read_configuration(const Hdf5File& file);
  void read_kinds_of_layers(const Hdf5File& file, const std::vector<Hdf5File::Object>& objects,
                            bool convolutions_alone);
  void add(const std::string& name, const Hdf5File::Object& object);
  void find_flattened();
  const Tensor& find(const std::string& name) const;

  fs::path path_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::string> names_;
  std::map<std::string, Tensor> tensors_;
  Objection objection_;
  std::string last_convolution_;  // torchvision's name of it
  std::string normalisation_ = "caffe";
  bool configured_ = false, flattens_ = false, numbered_ = false;
};

}  // namespace palimpsest::nn
