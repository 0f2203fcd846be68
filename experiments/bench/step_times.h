#pragma once
#include <vector>

#include "experiments/bench/row.h"
#include "nn/architecture.h"

namespace palimpsest::experiments {

// Whole steps of the study on one batch, without generating and uploading the pictures: forward; training (forward,
// focal loss, backward, SGD) with every block trained and with all frozen; relevance by the study's rules, for one
// class and for all of them. Where the device records, "NAME, recorded" is the same step with its kernels recorded, as
// training runs it from a batch size's second step on; relevance, which waits for results, is never recorded.
std::vector<BenchRow> time_steps(Device& device, const nn::Architecture& architecture, int batch, const Limits& limits);

}  // namespace palimpsest::experiments
