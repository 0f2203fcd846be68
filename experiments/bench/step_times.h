#pragma once
#include <string>
#include <vector>

#include "nn/architecture.h"
#include "ops/device.h"

namespace palimpsest::experiments {

// A whole step of the study on one batch, timed without generating and uploading the pictures.
struct StepTime {
  std::string name;
  double seconds = 0;
};

// Forward; training (forward, focal loss, backward, SGD) with every block trained and with all frozen; relevance by the
// study's rules, for one class and for all of them.
std::vector<StepTime> time_steps(Device& device, const nn::Architecture& architecture, int batch, int repeats);

}  // namespace palimpsest::experiments
