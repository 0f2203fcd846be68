#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest::nn {

// Where a layer is in a file. The names are those of the models that it is in, outermost first, and its own; the whole
// model has none.
struct KerasPlace {
  std::vector<std::string> names;    // {"vgg16", "block1_conv1"}
  std::vector<std::string> counted;  // as files of Keras 3 name them, by class and number: {"functional", "conv2d"}
};

struct KerasNormalisation {
  KerasPlace place;
  double epsilon = 1e-3;            // Keras' default
  bool scale = true, shift = true;  // it has gamma, beta
};

// A layer with weights.
struct KerasLayer {
  std::string name;  // torchvision's, "features.0"
  KerasPlace place;
  bool bias = true;
  std::optional<KerasNormalisation> before, after;  // of its input, of its output, where these can be folded into it
};

// What the configuration of a whole Keras model (the JSON attribute `model_config` of model.save's .h5, config.json of
// a .keras archive) adds to its weights.
struct KerasConfiguration {
  // The first thing in it that a VGG does not have, as in "the layer 'gap' (GlobalMaxPooling2D)"; empty: it is a VGG,
  // or one without its head, with ReLU after every layer but the last.
  std::string objection;
  bool objection_in_head = false;  // the objection is to a layer after the last block
  int side = 0;                    // of the square pictures that it takes; 0: not specified
  bool average = false;            // global average pooling instead of flattening
  bool sigmoid = false;            // its last layer has one output, with a sigmoid
  std::vector<KerasLayer> layers;  // in the order of application; without an objection: all that have weights
};
// Reads nested models, of Keras 1 to 3. Never throws: an invalid configuration is an objection.
KerasConfiguration read_keras_configuration(std::string_view json);

}  // namespace palimpsest::nn
