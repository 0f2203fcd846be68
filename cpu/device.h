#pragma once
#include <memory>

#include "ops/device.h"

namespace palimpsest {

// threads <= 0: one for each core.
std::unique_ptr<Device> make_cpu_device(int threads);

}  // namespace palimpsest
