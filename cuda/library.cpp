// The shared object's export and description.
#include "cuda/library.h"

#include <cublasLt.h>
#include <cudnn.h>

#include "base/error.h"
#include "cuda/check.h"
#include "cuda/cuda_device.h"
#include "cuda/language.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

std::string version_text(int version) {  // CUDA's 12040 is 12.4
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string libraries() {
  int runtime = 0;
  CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  const std::size_t cudnn = cudnnGetVersion(), cublas = cublasLtGetVersion();
  return fmt::format("CUDA {}, cuDNN {}.{}.{}, cuBLASLt {}.{}.{}", version_text(runtime), cudnn / 10000,
                     cudnn / 100 % 100, cudnn % 100, cublas / 10000, cublas / 100 % 100, cublas % 100);
}

CudaAvailability availability() {
#if PALIMPSEST_EMULATED
  return {true, "the same kernels on the CPU, for tests: slow"};
#else
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    ignore(cudaGetLastError());
    return {false, fmt::format("no usable NVIDIA GPU ({})",
                               status == cudaSuccess ? "none was found" : cudaGetErrorString(status))};
  }
  cudaDeviceProp properties{};
  CUDA_CHECK(cudaGetDeviceProperties(&properties, 0));
  return {true, properties.name};
#endif
}

std::vector<std::string> details() {
  int device = 0, driver = 0;
  cudaDeviceProp p{};
  CUDA_CHECK(cudaGetDevice(&device));
  CUDA_CHECK(cudaGetDeviceProperties(&p, device));
  CUDA_CHECK(cudaDriverGetVersion(&driver));
  return {fmt::format("{}, compute capability {}.{}, {} multiprocessors, {:.1f} GB", p.name, p.major, p.minor,
                      p.multiProcessorCount, double(p.totalGlobalMem) / 1e9),
          fmt::format("driver for CUDA {}", version_text(driver)), libraries()};
}

}  // namespace

std::string device_name(const Context& context) {
  const std::string name = PALIMPSEST_EMULATED ? "cuda-emulated" : "cuda";
  return context.precision == Precision::fp32 ? name : name + "-" + word_of(context.precision);
}

std::string device_description(const Context& context) {
  return fmt::format("{}, compute capability {}.{}, {:.1f} GB, {}", context.gpu, context.compute_capability / 10,
                     context.compute_capability % 10, double(context.memory_bytes) / 1e9, libraries());
}

}  // namespace palimpsest::PALIMPSEST_CUDA

extern "C" __attribute__((visibility("default"))) const palimpsest::CudaLibrary* palimpsest_cuda_library() {
  using namespace palimpsest::PALIMPSEST_CUDA;
  static constexpr palimpsest::CudaLibrary library{availability, details, make_device};
  return &library;
}
