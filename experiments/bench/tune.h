#pragma once
#include <string>
#include <vector>

#include "base/files.h"
#include "experiments/bench/layer_times.h"
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

// Every layer and pass by each of the algorithms (names of --convolution), in turn.
std::vector<BenchRow> time_algorithms(const MachineSettings& on, const std::vector<std::string>& algorithms,
                                      const nn::Architecture& architecture, int batch, LayerChoice choice,
                                      const Limits& limits);

// Times all algorithms that the device has, and writes the fastest of each layer and pass to a table for --convolution
// (ops/algorithm_table.h). What fails is left out, with a remark.
void tune(const MachineSettings& on, const nn::Architecture& architecture, int batch,
          const std::vector<std::string>& only, Limits limits, const fs::path& table);

}  // namespace palimpsest::experiments
