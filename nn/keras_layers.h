#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace palimpsest::nn {

// Which parameter of a VGG a dataset of a Keras file is, by its path in the file.
struct KerasParameter {
  bool dense = false;
  int block = -1;         // of a convolution; -1: it has only a number
  int number = 0;         // of a convolution in its block, from 0; of a dense layer: 0 fc1, 1 fc2, 2 predictions
  bool bias = false;      // else the kernel
  bool vggface = false;   // named as in VGG-Face: conv1_1, fc6
  bool numbered = false;  // the path has Keras 3's number of the layer and no name: conv2d_3
};

// Nothing for paths of other layers and of other variables, and for the state of an optimiser.
std::optional<KerasParameter> keras_parameter(std::string_view path);

// The kernel of the layer that a configuration calls `name`. Nothing for unknown names.
std::optional<KerasParameter> keras_named_layer(std::string_view name);

std::string keras_convolution(int block, int number);  // "block1_conv1" for 0, 0

// The kind of a layer that changes the result and that VGG16 does not have, by Keras' automatic name:
// "batch_normalization_3" -> "batch normalisation". Empty for all other names.
std::string_view keras_foreign_layer(std::string_view name);

// Whether two layers have Keras' automatic names for one kind, the first with the smaller number: "dense_3",
// "dense_10".
bool keras_counted_before(std::string_view first, std::string_view second);

// What a variable is, by its name in files of Keras 1 and 2 ("kernel:0", "block1_conv1_W_1:0"): "kernel", "bias",
// "gamma", "beta", "moving_mean", "moving_variance". Empty for all others.
std::string_view keras_variable(std::string_view name);

bool keras_is_structure(std::string_view part);  // a group of the format itself, which is not a layer or a model

// Whether a layer has one of Keras' automatic names for a kind: "max_pooling2d", "max_pooling2d_1", ...
bool keras_is_kind(std::string_view kind, std::string_view name);

bool keras_beside_the_layers(std::string_view path);  // the state of an optimiser, or a metric

std::vector<std::string_view> path_parts(std::string_view path);  // between its slashes

}  // namespace palimpsest::nn
