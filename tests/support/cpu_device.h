#pragma once
#include <memory>

#include "ops/device.h"

namespace palimpsest {

// The processor with one thread, on which every test runs that is not about devices.
std::unique_ptr<Device> cpu_device();

}  // namespace palimpsest
