#pragma once
#include <string>
#include <vector>

#include "analysis/probe.h"
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

// Writes the network whose blocks are those of `weights` and whose head is a linear probe, so that it can predict and
// be explained: straight from the features to the classes, or from each channel's mean (pool). layer: of the probe on
// the features of the last block, features + 1 x classes, biases last.
void write_probe_model(const fs::path& weights, const DataSettings& data, const MachineSettings& on,
                       const Eigen::MatrixXd& layer, bool pool, const std::vector<std::string>& classes,
                       const fs::path& out);

}  // namespace palimpsest::experiments
