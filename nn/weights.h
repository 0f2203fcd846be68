#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/words.h"
#include "nn/network.h"
#include "nn/weights_contents.h"

namespace palimpsest::nn {

// A weights file, recognised by its first bytes: safetensors or PyTorch's file (nn/pytorch_file.h) with the names that
// nn/names_in_file.h knows, or Keras' HDF5 (nn/keras_weights.h). Throws Error naming the file and what it is when it is
// neither (nn/other_formats.h).
std::unique_ptr<TensorFile> open_weights(const fs::path& path);

// What a weights file says about itself besides its tensors: the metadata of safetensors that this program wrote, or
// the names of classes in a PyTorch checkpoint. Other files have none of it.
struct ModelNotes {
  std::string normalisation = "torchvision";  // what the network expects: torchvision, caffe, vggface, none
  std::vector<std::string> classes;           // names of the outputs; empty: not known
  std::map<std::string, std::string> more;    // anything else, unchanged
};
// The normalisation defaults to the usual one for the file's format. Throws Error when the file names an unknown one.
ModelNotes notes_of(const TensorFile& file);
bool states_normalisation(const TensorFile& file);
bool states_size(const TensorFile& file);

// He initialisation (He et al., "Delving deep into rectifiers", 2015, eq. 10): weights normal with variance 2 / fan-in,
// the last layer's 1 / fan-in because no ReLU follows it; biases 0. Layer l draws its own numbers, so that two networks
// with the same seed agree wherever their shapes do.
void initialise(Network& network, std::uint64_t seed);
// The fully connected layers only, by numbers of their own: a fresh head on a network that began with the same seed
// does not repeat the numbers of its first head.
void initialise_head(Network& network, std::uint64_t seed);

// Weights as safetensors with torchvision's names: Python opens them as a torchvision VGG.
void save_weights(Network& network, const fs::path& path, const ModelNotes& notes);

// A network with exactly the weights of a file. A remark says what was ignored in the file or assumed about it.
// Throws Error when it is not a VGG, holds a tensor that is neither used nor without effect, or a weight is not
// finite; and when it has no head, unless use.head is false: then a file of convolutions only is a network without
// one.
std::unique_ptr<Network> load_network(Device& device, const TensorFile& file, const WeightsUse& use = {});
inline std::unique_ptr<Network> load_network(Device& device, const fs::path& path, const WeightsUse& use = {}) {
  return load_network(device, *open_weights(path), use);
}

// Which parameters were taken from a file, and which were not and why; shown to the user.
struct TakenWeights {
  std::vector<std::string> taken;
  std::vector<std::string> whole;  // those of `taken` of which no row is new
  std::vector<std::string> left;   // "classifier.6.weight (8 x 4096, the file has 1000 x 4096)"
  bool classifier = false;         // whether the last layer, or some of its rows, came from the file's last layer
};
enum class HeadInit : std::uint8_t { fresh, copy_fc, keep };
constexpr auto words(HeadInit) {
  return std::to_array<Word<HeadInit>>(
      {{"keep", HeadInit::keep}, {"copy-fc", HeadInit::copy_fc}, {"fresh", HeadInit::fresh}});
}

// Convolution blocks from a file; with copy_fc also the hidden fully connected layers where shapes match, with keep the
// classifier as well. Throws Error when a convolution does not fit, and like load_network for a tensor without a use.
// `rows`: for each class of the network the file's row of the classifier, -1: unchanged; empty: row by row, if the
// file has as many.
TakenWeights take_weights(Network& network, const TensorFile& file, HeadInit head, const std::vector<int>& rows = {});

}  // namespace palimpsest::nn
