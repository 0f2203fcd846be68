// palimpsest_gpu_self_test LIBRARY GPU PRECISION KERNELS: the process of cuda/proof.h.
// Exit code 0: the kernels agree; 1: they do not, and standard output says where; 2: that could not be found out.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "cuda/device.h"

int main(int count, char** arguments) {
  using namespace palimpsest;
  const auto precision = count == 5 ? value_of<Precision>(arguments[3]) : std::nullopt;
  const auto kernels = count == 5 ? value_of<KernelSet>(arguments[4]) : std::nullopt;
  if (!precision || !kernels)
    return std::puts("usage: palimpsest_gpu_self_test LIBRARY GPU PRECISION tiled|warpgroups"), 2;
  void* const library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) return std::puts(dlerror()), 2;
  const auto function = reinterpret_cast<CudaLibraryFunction>(dlsym(library, "palimpsest_cuda_library"));
  if (!function) return std::puts("the library does not belong to this program"), 2;
  try {
    const std::string difference = function()->self_test(*precision, *kernels, std::atoi(arguments[2]));
    return difference.empty() ? 0 : (std::puts(difference.c_str()), 1);
  } catch (const std::exception& error) {
    return std::puts(error.what()), 2;
  }
}
