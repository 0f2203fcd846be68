#pragma once
#include <string>
#include <string_view>

namespace palimpsest::nn {

// What the configuration of a whole Keras model (the JSON attribute `model_config` of model.save's .h5) adds to its
// weights.
struct KerasConfiguration {
  // The first thing in it that a VGG16 does not have, as in "the layer 'gap' (GlobalAveragePooling2D)"; empty: it is a
  // VGG16, or one without its head, with ReLU after every layer but the last.
  std::string objection;
  bool objection_in_head = false;  // the objection is to a layer after the last block
  int side = 0;                    // of the square pictures that it takes; 0: not specified
};
// Reads nested models, of Keras 1 to 3. Never throws: an invalid configuration is an objection.
KerasConfiguration read_keras_configuration(std::string_view json);

}  // namespace palimpsest::nn
