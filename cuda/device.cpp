#include "cuda/device.h"

#include <dlfcn.h>

#include <filesystem>

#include "base/error.h"

namespace palimpsest {

namespace {

struct Opened {
  const CudaLibrary* library = nullptr;
  std::string error;
  std::filesystem::path file;
};

// Beside the program, in the build's sibling folder, or on the system's path. Not by the program's run path, which a
// sanitizer's dlopen does not see.
std::string place_of(const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& folder : {program, program.parent_path() / "cuda"})
    if (fs::exists(folder / file, ignored)) return folder / file;
  return file;
}

// RTLD_LOCAL: both objects have the same symbols. It is never closed: devices use its code.
Opened open_library(const std::string& file, const char* absent) {
  const std::string place = place_of(file);
  void* const handle = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const std::string error = dlerror();
    const bool itself = error.find(file + ": cannot open") != std::string::npos;
    return {nullptr, itself ? absent : error, {}};
  }
  const auto function = reinterpret_cast<CudaLibraryFunction>(dlsym(handle, "palimpsest_cuda_library"));
  if (!function) return {nullptr, file + " does not belong to this program", {}};
  return {function(), {}, place};
}

// Each only on demand: loading NVIDIA's libraries takes a tenth of a second.
const Opened& opened(CudaKind kind) {
  if (kind == CudaKind::real) {
    static const Opened real = open_library("libpalimpsest_cuda.so", "this build has no CUDA device");
    return real;
  }
  static const Opened emulated =
      open_library("libpalimpsest_cuda_emulated.so", "this build has no emulated CUDA device");
  return emulated;
}

// Why these kernels may not serve; empty where the GPU has none of them.
std::string refusal(CudaKind kind, const CudaOptions& options, KernelSet kernels) {
  const SelfTest wanted = self_test_wanted();
  if (wanted.where == SelfTest::nowhere || (wanted.where == SelfTest::gpus && kind == CudaKind::emulated)) return {};
  const Opened& device = opened(kind);
  const CudaIdentity identity = device.library->identity(options.gpu);
  if (kernels == KernelSet::warpgroups && (!identity.has_warpgroups || options.precision != Precision::bf16)) return {};
  const std::string refused = refusal_of_kernels(
      {device.file, options.gpu, identity.text, options.precision, kernels, identity.compiles_kernels ? 120 : 20});
  if (wanted.strict && !refused.empty())
    throw Error(fmt::format("the {} kernels are refused on {}: {}", word_of(kernels), identity.text, refused),
                "report this; without PALIMPSEST_SELF_TEST=strict others run");
  return refused;
}

}  // namespace

CudaAvailability cuda_availability(CudaKind kind) {
  const Opened& device = opened(kind);
  return device.library ? device.library->availability() : CudaAvailability{false, device.error};
}

std::vector<std::string> cuda_details(CudaKind kind) {
  return cuda_availability(kind).available ? opened(kind).library->details() : std::vector<std::string>{};
}

std::unique_ptr<Device> make_cuda_device(CudaKind kind, const CudaOptions& options) {
  const CudaAvailability availability = cuda_availability(kind);
  if (!availability.available)
    throw Error(fmt::format("--device {}: {}", kind == CudaKind::real ? "cuda" : "cuda-emulated", availability.reason),
                "use --device cpu, or --device auto to use what is available");
  CudaOptions checked = options;
  checked.refused = refusal(kind, options, KernelSet::tiled);
  if (checked.refused.empty()) checked.refused_warpgroups = refusal(kind, options, KernelSet::warpgroups);
  return opened(kind).library->make(checked);
}

}  // namespace palimpsest
