#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cuda/precision.h"
#include "ops/algorithm_table.h"
#include "ops/device.h"

// CUDA as the rest of the program sees it, without vendor headers or libraries. Each of the two devices is a shared
// object, which is opened here: cuda needs the toolkit's libraries and a GPU, cuda-emulated runs the same source on the
// CPU and is always available.
namespace palimpsest {

enum class CudaKind { real, emulated };

struct CudaOptions {
  Precision precision = Precision::fp32;
  // Names: "library" (cuDNN, cuBLASLt), "own", "own:TILE", "own:TILE:SPLITS" (cuda/algorithm_table.h).
  AlgorithmTable algorithms;
};

struct CudaAvailability {
  bool available = false;
  std::string reason;  // one clause: what is available, or what is missing
};
CudaAvailability cuda_availability(CudaKind kind);

// One line each: GPU, driver, libraries. Empty if not available.
std::vector<std::string> cuda_details(CudaKind kind);

// Throws Error when it is not available, for invalid options, and for features that the GPU lacks.
std::unique_ptr<Device> make_cuda_device(CudaKind kind, const CudaOptions& options = {});

// The export of each shared object, as `palimpsest_cuda_library` (C linkage).
struct CudaLibrary {
  CudaAvailability (*availability)();
  std::vector<std::string> (*details)();
  std::unique_ptr<Device> (*make)(const CudaOptions& options);
};
using CudaLibraryFunction = const CudaLibrary* (*)();

}  // namespace palimpsest
