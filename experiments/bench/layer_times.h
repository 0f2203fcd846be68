#pragma once
#include <string>
#include <vector>

#include "nn/layers.h"
#include "ops/device.h"

namespace palimpsest::experiments {

// One pass of one layer, timed.
struct LayerTime {
  std::string layer;  // torchvision's name of the first layer of this shape
  int layers = 1;     // of this shape
  LayerShape shape;
  LayerPass pass;
  double seconds = 0;
  double gflops() const;  // billions of the direct algorithm's operations per second
};

// Every distinct layer of a network in all its passes, on nonzero numbers; `with_linear` includes the fully connected
// ones.
std::vector<LayerTime> time_layers(Device& device, const nn::Architecture& architecture, int batch, int repeats,
                                   bool with_linear);

}  // namespace palimpsest::experiments
