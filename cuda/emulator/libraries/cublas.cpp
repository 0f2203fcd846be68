#include <cstdint>

#include "cublas_v2.h"
#include "cuda/emulator/libraries/gemm.h"
#include "cuda/emulator/libraries/matrix.h"
#include "cuda/emulator/libraries/memory.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
  void* workspace = nullptr;
  std::size_t workspace_bytes = 0;
};

using namespace palimpsest::libraries;

namespace {

constexpr std::size_t kWorkspaceAlignment = 256;
constexpr int kVersion = 130000;

bool exists(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

bool exists(cublasMath_t math) {
  return math == CUBLAS_DEFAULT_MATH || math == CUBLAS_PEDANTIC_MATH || math == CUBLAS_TF32_TENSOR_OP_MATH;
}

}  // namespace

extern "C" {

const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_ARCH_MISMATCH:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case CUBLAS_STATUS_MAPPING_ERROR:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case CUBLAS_STATUS_LICENSE_ERROR:
      return "CUBLAS_STATUS_LICENSE_ERROR";
  }
  return "unrecognized status";
}

const char* cublasGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "no error";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "the handle was not made";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "memory ran out";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "an argument has a value that it must not have";
    case CUBLAS_STATUS_ARCH_MISMATCH:
      return "the GPU lacks a feature that this needs";
    case CUBLAS_STATUS_MAPPING_ERROR:
      return "GPU memory could not be reached";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "the GPU failed to run it";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "something inside the library failed";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "the library cannot do this";
    case CUBLAS_STATUS_LICENSE_ERROR:
      return "the licence does not allow it";
  }
  return "unrecognized status";
}

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int* version) {
  if (!version) return CUBLAS_STATUS_INVALID_VALUE;
  *version = kVersion;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  handle->workspace = nullptr;
  handle->workspace_bytes = 0;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetStream_v2(cublasHandle_t handle, cudaStream_t* stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!stream) return CUBLAS_STATUS_INVALID_VALUE;
  *stream = handle->stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, std::size_t bytes) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!aligned(workspace, kWorkspaceAlignment)) return CUBLAS_STATUS_INVALID_VALUE;
  handle->workspace = workspace;
  handle->workspace_bytes = bytes;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!exists(mode)) return CUBLAS_STATUS_INVALID_VALUE;
  handle->math = mode;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!mode) return CUBLAS_STATUS_INVALID_VALUE;
  *mode = handle->math;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
                              int k, const float* alpha, const float* a, int lda, const float* b, int ldb,
                              const float* beta, float* c, int ldc) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!exists(transa) || !exists(transb) || m < 0 || n < 0 || k < 0) return CUBLAS_STATUS_INVALID_VALUE;
  const Matrix left = operand(transa != CUBLAS_OP_N, m, k, lda), right = operand(transb != CUBLAS_OP_N, k, n, ldb);
  const Matrix result = operand(false, m, n, ldc);
  if (!left.fits() || !right.fits() || !result.fits()) return CUBLAS_STATUS_INVALID_VALUE;
  if (m == 0 || n == 0) return CUBLAS_STATUS_SUCCESS;
  if (!alpha || !beta || !a || !b || !c) return CUBLAS_STATUS_INVALID_VALUE;
  const Precision precision = handle->math == CUBLAS_TF32_TENSOR_OP_MATH ? Precision::tf32 : Precision::float32;
  enqueue(handle->stream, "cublasSgemm", {{"A", a, left.bytes()}, {"B", b, right.bytes()}},
          {{"C", c, result.bytes()}, {"the workspace", handle->workspace, handle->workspace_bytes}},
          [=, alpha = *alpha, beta = *beta] {
            multiply(m, n, k, alpha, left.read(a), right.read(b), beta, result.write(c), precision);
          });
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
