#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "cuda/precision.h"
#include "cuda/proof.h"
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
  int gpu = 0;  // of several, as cuda_details lists them
  // Results of cuda/proof.h, set by make_cuda_device: why only the plain kernels may serve, and those of warpgroups
  // not.
  std::string refused = {}, refused_warpgroups = {};
  // Prints what must be said, such as an algorithm that cannot serve. The program's: the shared object has a copy.
  void (*say)(std::string_view) = remark;
};

struct CudaAvailability {
  bool available = false;
  std::string reason;  // one clause: what is available, or what is missing
};
CudaAvailability cuda_availability(CudaKind kind);

// One line each: every GPU in the order of CudaOptions::gpu, the driver, the libraries. Empty if not available.
std::vector<std::string> cuda_details(CudaKind kind);

// Compares the kernels on this GPU first, where that was not done yet (cuda/proof.h). Throws Error when it is not
// available, for invalid options, and for features that the GPU lacks. All devices of a process are on the same GPU.
std::unique_ptr<Device> make_cuda_device(CudaKind kind, const CudaOptions& options = {});

// What a verdict on the kernels depends on besides the build. Found without a context on the GPU.
struct CudaIdentity {
  std::string text;               // GPU, driver
  bool has_warpgroups = false;    // Hopper's
  bool compiles_kernels = false;  // the driver does, at their first use: the build has no machine code for this GPU
};

// The export of each shared object, as `palimpsest_cuda_library` (C linkage).
struct CudaLibrary {
  CudaAvailability (*availability)();
  std::vector<std::string> (*details)();
  std::unique_ptr<Device> (*make)(const CudaOptions& options);
  CudaIdentity (*identity)(int gpu);
  std::string (*self_test)(Precision precision, KernelSet kernels, int gpu);  // cuda/self_test.h
};
using CudaLibraryFunction = const CudaLibrary* (*)();

}  // namespace palimpsest
