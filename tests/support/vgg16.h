#pragma once
#include <vector>

#include "nn/layers.h"

namespace palimpsest {

// All 13 convolutions of VGG16 at its full width.
inline std::vector<LayerShape> vgg16_convolutions(int batch, int size) {
  std::vector<LayerShape> shapes;
  for (const nn::Layer& layer : nn::layers_of(nn::Architecture::vgg(16, 1, size, {}, 0))) {
    if (layer.has_weights()) shapes.push_back(layer.shape(batch));
  }
  return shapes;
}

}  // namespace palimpsest
