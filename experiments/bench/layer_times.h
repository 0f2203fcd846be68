#pragma once
#include <span>
#include <string>
#include <vector>

#include "experiments/bench/row.h"
#include "nn/layers.h"

namespace palimpsest::experiments {

// A device with the algorithm that it was made with; empty: whatever the device runs.
struct Competitor {
  std::string algorithm;
  Device& device;
};

// What to time: all if not given.
struct LayerChoice {
  bool linear = true;                  // fully connected layers too
  std::vector<std::string> only = {};  // layers by either name; Error for others
  std::vector<BenchPass> passes = {};
};

// The names that `only` may give, in network order: torchvision's and VGG's, features.2 and conv1_2.
std::vector<std::string> layer_names(const nn::Architecture& architecture);

// Every distinct layer of a network in its passes on nonzero numbers, by each competitor in turn: a row for each that
// runs the pass by its algorithm, in the competitors' order. A failure is a row's result.
std::vector<BenchRow> time_layers(std::span<const Competitor> competitors, const nn::Architecture& architecture,
                                  int batch, const LayerChoice& choice, const Limits& limits);

// Runs each exactly so often and times nothing, for a profiler.
void launch_layers(Device& device, const nn::Architecture& architecture, int batch, const LayerChoice& choice,
                   int launches);

}  // namespace palimpsest::experiments
