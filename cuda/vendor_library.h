#pragma once
#include "cuda/language.h"

// CUDNN(function) and CUBLASLT(function) are functions of cuDNN and cuBLASLt. On a GPU each library is opened when the
// first of its functions is asked for, because our own kernels run without them; Error says what is missing. The
// emulator's stand-ins are linked.
#if PALIMPSEST_EMULATED
#define CUDNN(function) (&::function)
#define CUBLASLT(function) (&::function)
#else
#define CUDNN(function) PALIMPSEST_VENDOR_FUNCTION(cudnn, function)
#define CUBLASLT(function) PALIMPSEST_VENDOR_FUNCTION(cublaslt, function)
#define PALIMPSEST_VENDOR_FUNCTION(library, function)                                       \
  ([] {                                                                                     \
    using ::palimpsest::PALIMPSEST_CUDA::VendorLibrary;                                     \
    static auto* const the_function = reinterpret_cast<decltype(&::function)>(              \
        ::palimpsest::PALIMPSEST_CUDA::vendor_function(VendorLibrary::library, #function)); \
    return the_function;                                                                    \
  }())

namespace palimpsest::PALIMPSEST_CUDA {

enum class VendorLibrary { cudnn, cublaslt };

// Throws Error if the library is not found, or lacks the function.
void* vendor_function(VendorLibrary library, const char* name);

}  // namespace palimpsest::PALIMPSEST_CUDA
#endif
