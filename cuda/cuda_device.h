#pragma once
#include <memory>

#include "cuda/device.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The device itself, inside each of the two shared objects; the program uses it through cuda/device.h.
std::unique_ptr<Device> make_device(const CudaOptions& options);

}  // namespace palimpsest::PALIMPSEST_CUDA
