#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "nn/layers.h"
#include "ops/device.h"

namespace palimpsest::experiments {

// One pass of one layer, timed.
struct LayerTime {
  std::string layer;  // torchvision's name of the first layer of this shape
  int layers = 1;     // of this shape
  LayerShape shape;
  LayerPass pass;
  std::string algorithm;  // that ran it
  double seconds = 0;     // infinite: failed
  double gflops() const;  // billions of the direct algorithm's operations per second
};

// Every distinct layer of a network in all its passes, on nonzero numbers; `with_linear` includes the fully connected
// ones. `failed` is told of the passes that cannot run; without it their Error is thrown.
std::vector<LayerTime> time_layers(Device& device, const nn::Architecture& architecture, int batch, int repeats,
                                   bool with_linear,
                                   const std::function<void(const LayerTime&, const Error&)>& failed = {});

}  // namespace palimpsest::experiments
