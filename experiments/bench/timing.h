#pragma once
#include <functional>

#include "ops/device.h"

namespace palimpsest::experiments {

// Median seconds of one run: after a first one, which creates plans and packs weights, at least `repeats` runs and a
// tenth of a second. Waits for the device at the end of each.
double median_seconds(Device& device, int repeats, const std::function<void()>& run);

double peak_megabytes();  // of this process

}  // namespace palimpsest::experiments
