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
  std::string name;   // and VGG's: conv3_1, fc6
  int layers = 1;     // of this shape
  LayerShape shape;
  LayerPass pass = LayerPass::forward;
  std::string algorithm;  // that ran it
  double seconds = 0;     // infinite: failed
  double gflops() const;  // billions of the direct algorithm's operations per second
};

// What to time: all if not given.
struct LayerChoice {
  bool linear = true;                  // fully connected layers too
  std::vector<std::string> only = {};  // layers by either name; Error for others
  std::vector<LayerPass> passes = {};
  int launches = 0;  // run each exactly so often instead of timing it, for a profiler; 0: time it
};

// Every distinct layer of a network in all its passes, on nonzero numbers. `failed` is told of the passes that cannot
// run; without it their Error is thrown.
std::vector<LayerTime> time_layers(Device& device, const nn::Architecture& architecture, int batch, int repeats,
                                   const LayerChoice& choice = {},
                                   const std::function<void(const LayerTime&, const Error&)>& failed = {});

}  // namespace palimpsest::experiments
