#pragma once
#include <string>
#include <vector>

#include "nn/architecture.h"
#include "ops/layer.h"

namespace palimpsest::nn {

// One step of the network, derived from the architecture alone.
struct Layer {
  enum class Kind : std::uint8_t { convolution, max_pool, flatten, average_pool, linear };
  Kind kind = Kind::convolution;
  std::string name;    // torchvision's if it has weights: "features.0", "classifier.0"; else "pool1", "flatten", "gap"
  int block = 0;       // 0..4; kBlocks for the head
  bool relu = false;   // a ReLU follows, fused into the layer
  int parameter = -1;  // index of the weight in Network::parameters(), whose bias is the next one; -1: no weights
  Shape in, out;       // of one image

  bool has_weights() const { return parameter >= 0; }
  LayerShape shape(int n) const;  // for n images; requires: has_weights()
  Layout in_layout() const { return kind == Kind::linear ? Layout::matrix : Layout::activation; }
  Layout out_layout() const { return kind < Kind::flatten ? Layout::activation : Layout::matrix; }
};

// The network's layers in forward order; everything else iterates over them. With 0 classes it ends with `flatten`.
std::vector<Layer> layers_of(const Architecture& architecture);

// The layers with weights: convolutions and fully connected layers.
std::vector<Layer> layers_with_weights(const Architecture& architecture);

// Torchvision's names of a VGG's convolutions: "features.0", ...
std::vector<std::string> convolution_names(int depth);

}  // namespace palimpsest::nn
