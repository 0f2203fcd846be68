#pragma once
#include <string>
#include <vector>

#include "nn/layers.h"
#include "ops/device.h"

namespace palimpsest {

// One pass of one layer, timed.
struct LayerTime {
  std::string layer;  // torchvision's name of the first layer of this shape
  int layers = 1;     // of this shape
  LayerShape shape;
  LayerPass pass;
  double seconds = 0;
  double gflops() const;  // billions of the direct algorithm's operations a second
};

// Every distinct layer of a network in all its passes, on numbers that are not zero; the fully connected ones where
// `with_linear`.
std::vector<LayerTime> time_layers(Device& device, const Architecture& architecture, int batch, int repeats,
                                   bool with_linear);

}  // namespace palimpsest
