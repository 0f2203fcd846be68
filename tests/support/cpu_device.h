#pragma once
#include <memory>

#include "ops/device.h"

namespace palimpsest {

// The CPU with one thread, for every test that is not about devices.
std::unique_ptr<Device> cpu_device();

}  // namespace palimpsest
