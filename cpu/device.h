#pragma once
#include <memory>

#include "ops/algorithm_table.h"
#include "ops/device.h"

namespace palimpsest {

// threads <= 0: one per core. Algorithms that a table may name for convolutions: "direct", "winograd".
std::unique_ptr<Device> make_cpu_device(int threads, const AlgorithmTable& algorithms = {});

}  // namespace palimpsest
