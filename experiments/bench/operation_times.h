#pragma once
#include <string>
#include <vector>

#include "experiments/bench/row.h"
#include "nn/layers.h"

namespace palimpsest::experiments {

// The operations without products, each where the network has it: max_pool, max_pool_backward, average_pool, ...
std::vector<std::string> operation_names();

// Those named, or all; a row for each place. With `launches`, each runs so often and nothing is timed, for a profiler.
std::vector<BenchRow> time_operations(Device& device, const nn::Architecture& architecture, int batch,
                                      const std::vector<std::string>& only, const Limits& limits, int launches = 0);

}  // namespace palimpsest::experiments
