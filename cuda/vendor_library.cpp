#include "cuda/vendor_library.h"

#if !PALIMPSEST_EMULATED
#include <cublas_v2.h>
#include <cudnn.h>
#include <dlfcn.h>

#include <string>

#include "base/error.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

// Of the major version whose headers this was compiled with: its functions are compatible throughout.
struct Library {
  std::string name, file, package;
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  std::string error = handle ? "" : dlerror();
};

const Library& opened(VendorLibrary library) {
  if (library == VendorLibrary::cudnn) {
    static const Library cudnn{"cuDNN", fmt::format("libcudnn.so.{}", CUDNN_MAJOR),
                               fmt::format("nvidia-cudnn-cu{}", CUDART_VERSION / 1000)};
    return cudnn;
  }
  static const Library cublaslt{"cuBLASLt", fmt::format("libcublasLt.so.{}", CUBLAS_VER_MAJOR), "nvidia-cublas"};
  return cublaslt;
}

}  // namespace

void* vendor_function(VendorLibrary which, const char* name) {
  const Library& library = opened(which);
  if (!library.handle)
    throw Error(fmt::format("{} cannot be loaded: {}", library.name, library.error),
                fmt::format("install it (PyPI: {}) and add its folder to LD_LIBRARY_PATH, or use --convolution own",
                            library.package));
  void* const function = dlsym(library.handle, name);
  if (!function)
    throw Error(fmt::format("{} has no function {}", library.file, name),
                "install a newer version of it, or use --convolution own");
  return function;
}

}  // namespace palimpsest::PALIMPSEST_CUDA
#endif
