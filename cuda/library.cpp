// The shared object's export and description.
#include "cuda/library.h"

#include <cublasLt.h>
#include <cudnn.h>

#include "base/error.h"
#include "cuda/architectures.h"
#include "cuda/check.h"
#include "cuda/cuda_device.h"
#include "cuda/self_test.h"
#include "cuda/vendor_library.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

std::string version_text(int version) {  // CUDA's 12040 is 12.4
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

// 92100 is 9.21.0; where the library is missing, that is said.
template <typename Version>
std::string library_text(const char* name, const Version& version) {
  try {
    const std::size_t number = version();
    return fmt::format("{} {}.{}.{}", name, number / 10000, number / 100 % 100, number % 100);
  } catch (const Error&) {
    return fmt::format("no {}", name);
  }
}

std::string libraries() {
  int runtime = 0;
  CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  return fmt::format("CUDA {}, {}, {}", version_text(runtime),
                     library_text("cuDNN", [] { return CUDNN(cudnnGetVersion)(); }),
                     library_text("cuBLASLt", [] { return CUBLASLT(cublasLtGetVersion)(); }));
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
  std::vector<std::string> lines;
  int count = 0, driver = 0;
  CUDA_CHECK(cudaGetDeviceCount(&count));
  for (int gpu = 0; gpu < count; ++gpu) {
    cudaDeviceProp p{};
    CUDA_CHECK(cudaGetDeviceProperties(&p, gpu));
    lines.push_back(fmt::format("{}: {}, compute capability {}.{}, {} multiprocessors, {:.1f} GB", gpu, p.name, p.major,
                                p.minor, p.multiProcessorCount, double(p.totalGlobalMem) / 1e9));
  }
  CUDA_CHECK(cudaDriverGetVersion(&driver));
  lines.push_back(fmt::format("driver for CUDA {}", version_text(driver)));
  lines.push_back(libraries());
  if (!PALIMPSEST_EMULATED) lines.push_back(fmt::format("machine code for {}", built_architectures()));
  return lines;
}

CudaIdentity identity(int gpu) {
  int count = 0, driver = 0;
  CUDA_CHECK(cudaGetDeviceCount(&count));
  if (gpu >= count) return {};  // Context refuses it
  cudaDeviceProp p{};
  CUDA_CHECK(cudaGetDeviceProperties(&p, gpu));
  CUDA_CHECK(cudaDriverGetVersion(&driver));
  return {
      fmt::format("{}, compute capability {}.{}, driver for CUDA {}", p.name, p.major, p.minor, version_text(driver)),
      p.major == 9 && p.minor == 0, !has_machine_code(built_architectures(), 10 * p.major + p.minor)};
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

std::size_t cache_bytes(const Context& context) {
  int bytes = 0;
  CUDA_CHECK(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, context.number));
  return std::size_t(bytes);
}

std::string gpu_bus(const Context& context) {
  if (PALIMPSEST_EMULATED) return {};
  cudaDeviceProp p{};
  CUDA_CHECK(cudaGetDeviceProperties(&p, context.number));
  return fmt::format("{:08x}:{:02x}:{:02x}.0", p.pciDomainID, p.pciBusID, p.pciDeviceID);
}

}  // namespace palimpsest::PALIMPSEST_CUDA

extern "C" __attribute__((visibility("default"))) const palimpsest::CudaLibrary* palimpsest_cuda_library() {
  using namespace palimpsest::PALIMPSEST_CUDA;
  static constexpr palimpsest::CudaLibrary library{availability, details, make_device, identity, self_test};
  return &library;
}
