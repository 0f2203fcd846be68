#pragma once
#include "ops/device.h"

namespace palimpsest::experiments {

// A tensor of noise, uniform in [-1, 1] and raised to `low`: with 0 as after a ReLU, half of it 0. (Arithmetic on zeros
// alone takes less power, which lets clocks rise.) The noise repeats after a million values.
Tensor filled(Device& device, const Shape& shape, Layout layout, double low);

}  // namespace palimpsest::experiments
