#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor_file.h"
#include "nn/hdf5_file.h"
#include "nn/keras_archive.h"
#include "nn/keras_config.h"
#include "nn/keras_parameters.h"

namespace palimpsest::nn {

// A VGG saved by Keras, as HDF5 or a .keras archive, under torchvision's names and in its layouts, with batch
// normalisation folded into its layers. Which dataset is which parameter: nn/keras_parameters.h. Every other dataset
// keeps its path as its name.
//
// Keras stores convolutions as (height, width, in, out) and dense layers as (in, out), and flattens pictures channels
// last: row (y * side + x) * channels + c of the first dense layer becomes column (c * side + y) * side + x here.
// Its convolutions are cross-correlations, as usual. One output z with a sigmoid becomes the logits (0, z) of two
// classes. metadata() has the `size` that a model's configuration names, and `pooling` = `average` for global average
// pooling before the head.
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
  std::string fate(const std::string& name) const override;
  std::vector<std::string> changes() const override;

  // Something in the file other than its tensors that a VGG does not have, as in "has average pooling"; empty: nothing
  // known. `in_head`: after the last block.
  struct Objection {
    std::string has;
    bool in_head = false;
    std::string remedy = "give the weights of the keras.applications VGG16";
  };
  const Objection& objection() const { return objection_; }
  // The normalisation for such files: caffe, or that of VGG-Face.
  const std::string& customary_normalisation() const { return normalisation_; }
  bool configured() const { return configuration_.has_value(); }  // a configuration specifies the activations
  bool flattens() const { return flattens_; }                     // the file has a flatten layer
  bool numbered() const { return parameters_.numbered; }          // layers have numbers and no names
  bool archive() const { return archive_ != nullptr; }            // a .keras archive

 private:
  struct Tensor {
    TensorInfo info;            // torchvision's shape
    StoredTensor stored;        // no name: a bias that the file lacks, all zeros
    std::int64_t channels = 0;  // of a dense layer on flattened pictures: theirs; else 0
    bool parameter = false;
  };
  void read_configuration(const std::vector<std::string>& text);
  void find_parameters(const std::vector<Hdf5File::Object>& objects);
  void read_kinds_of_layers(const std::vector<Hdf5File::Object>& objects, bool convolutions_alone);
  void add(const std::string& name, const Hdf5File::Object& object);
  void add_missing_biases();
  void find_flattened();
  void find_sigmoid();
  void find_normalisation();
  void find_fates();
  const Tensor& find(const std::string& name) const;
  std::vector<float> in_torch_layout(const Tensor& tensor) const;
  std::vector<float> folded(const std::string& name, const KerasParameters::Normalisations& n) const;

  fs::path path_;
  std::unique_ptr<KerasArchive> archive_;
  Hdf5File file_;
  std::optional<KerasConfiguration> configuration_;
  KerasParameters parameters_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::string> names_;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> fates_;
  Objection objection_;
  std::string normalisation_ = "caffe";
  std::string sigmoid_;  // the layer whose one output has a sigmoid; empty: none
  bool flattens_ = false;
};

}  // namespace palimpsest::nn
