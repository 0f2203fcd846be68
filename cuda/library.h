#pragma once
#include <cstddef>
#include <string>

#include "cuda/context.h"
#include "cuda/device.h"

namespace palimpsest::PALIMPSEST_CUDA {

// cuda or cuda-emulated, with -tf32 or -bf16 if products are not float32: the name recorded by a run.
std::string device_name(const Context& context);
std::string device_description(const Context& context);  // GPU, driver, libraries, in one line
std::size_t cache_bytes(const Context& context);         // of L2
std::string gpu_bus(const Context& context);             // as DeviceInfo; empty in the emulator

}  // namespace palimpsest::PALIMPSEST_CUDA
