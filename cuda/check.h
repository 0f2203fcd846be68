#pragma once
#include <cuda_runtime.h>

namespace palimpsest::PALIMPSEST_CUDA {

// Every call of CUDA, cuDNN and cuBLAS goes through one of these. A failure throws Error with the expression, file,
// line, the library's message, and a remedy.
#define CUDA_CHECK(expression) ::palimpsest::PALIMPSEST_CUDA::check_cuda((expression), #expression, __FILE__, __LINE__)
#define CUDNN_CHECK(expression) \
  ::palimpsest::PALIMPSEST_CUDA::check_cudnn(static_cast<int>(expression), #expression, __FILE__, __LINE__)
#define CUBLAS_CHECK(expression) \
  ::palimpsest::PALIMPSEST_CUDA::check_cublas(static_cast<int>(expression), #expression, __FILE__, __LINE__)
// The statement right after a launch.
#define CUDA_LAUNCH_CHECK() ::palimpsest::PALIMPSEST_CUDA::check_launch(__FILE__, __LINE__)

void check_cuda(cudaError_t status, const char* expression, const char* file, int line);
void check_cudnn(int status, const char* expression, const char* file, int line);
void check_cublas(int status, const char* expression, const char* file, int line);
void check_launch(const char* file, int line);

// For destructors and clean-up, which may not throw: ignores failures.
void ignore(cudaError_t status) noexcept;

}  // namespace palimpsest::PALIMPSEST_CUDA
