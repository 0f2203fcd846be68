#include "cuda/check.h"

#include <cublas_v2.h>
#include <cudnn.h>

#include <array>
#include <string_view>

#include "base/error.h"
#include "cuda/vendor_library.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

std::string remedy_for(cudaError_t status) {
  switch (status) {
    case cudaErrorMemoryAllocation:
      return "use a smaller --batch, --size or --width, or stop other programs that use the GPU";
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
      return "install a matching driver (nvidia-smi shows it), or use --device cpu";
    case cudaErrorNoKernelImageForDevice:
      return "build for this GPU: cmake -DCMAKE_CUDA_ARCHITECTURES=native";
    default:
      return "run it again under compute-sanitizer, or with --device cuda-emulated or cpu, and report this";
  }
}

// The file's path in the repository, independent of the build folder.
std::string_view short_name(std::string_view file) {
  const auto at = file.rfind("cuda/");
  return at == std::string_view::npos ? file : file.substr(at);
}

[[noreturn]] void fail(const char* library, const char* expression, const char* file, int line, const char* text,
                       const std::string& remedy) {
  throw Error(fmt::format("{} failed at {}:{}: {}: {}", library, short_name(file), line, expression, text), remedy);
}

}  // namespace

void check_cuda(cudaError_t status, const char* expression, const char* file, int line) {
  if (status == cudaSuccess) return;
  ignore(cudaGetLastError());  // so that the next call does not report it again
  fail("CUDA", expression, file, line, cudaGetErrorString(status), remedy_for(status));
}

void check_cudnn(int status, const char* expression, const char* file, int line) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  std::array<char, 1024> reason{};
  CUDNN(cudnnGetLastErrorString)(reason.data(), reason.size());
  const std::string text =
      fmt::format("{}: {}", CUDNN(cudnnGetErrorString)(static_cast<cudnnStatus_t>(status)), reason.data());
  fail("cuDNN", expression, file, line, text.c_str(), "use --convolution own, which needs no library, and report this");
}

// cuBLASLt, the only part of cuBLAS in use, has no messages; the numbers are those of cublasStatus_t.
void check_cublas(int status, const char* expression, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  fail("cuBLAS", expression, file, line, fmt::format("status {}", status).c_str(),
       "use --convolution own, which needs no library, and report this");
}

void check_launch(const char* file, int line) {
  check_cuda(cudaGetLastError(), "kernel launch", file, line);
}

void ignore(cudaError_t) noexcept {}

}  // namespace palimpsest::PALIMPSEST_CUDA
