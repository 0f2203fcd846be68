#pragma once
#include <optional>
#include <string_view>

namespace palimpsest {

// Which layer of VGG16 a dataset of a Keras file belongs to, told by its path in the file: the number of a convolution
// (0 to 12) or of a dense layer (0 fc1, 1 fc2, 2 predictions).
struct KerasLayer {
  bool dense = false;
  int number = 0;
};

// Nothing for paths of other layers, and for the state of an optimiser.
std::optional<KerasLayer> keras_layer(std::string_view path);

}  // namespace palimpsest
