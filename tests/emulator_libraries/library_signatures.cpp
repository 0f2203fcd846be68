// Prints what cudnn.h, cublas_v2.h and cublasLt.h declare; built against either set of headers.
#include <cublasLt.h>
#include <cudnn.h>

#include <cstddef>

#include "signatures.h"

#define ALGORITHM_RESULT(type) \
  LAYOUT(type)                 \
  MEMBER(type, algo)           \
  MEMBER(type, status)         \
  MEMBER(type, time)           \
  MEMBER(type, memory)         \
  MEMBER(type, determinism)    \
  MEMBER(type, mathType)

int main() {
#include "library_names.inc"  // FUNCTION and VALUE for every one in the emulator's headers
  TYPE(cudnnHandle_t)
  TYPE(cudnnTensorDescriptor_t)
  TYPE(cudnnFilterDescriptor_t)
  TYPE(cudnnConvolutionDescriptor_t)
  TYPE(cublasLtHandle_t)
  TYPE(cublasLtMatrixLayout_t)
  TYPE(cublasLtMatmulDesc_t)
  TYPE(cublasLtMatmulPreference_t)
  ALGORITHM_RESULT(cudnnConvolutionFwdAlgoPerf_t)
  ALGORITHM_RESULT(cudnnConvolutionBwdDataAlgoPerf_t)
  ALGORITHM_RESULT(cudnnConvolutionBwdFilterAlgoPerf_t)
  LAYOUT(cublasLtMatrixLayoutOpaque_t)
  LAYOUT(cublasLtMatmulDescOpaque_t)
  LAYOUT(cublasLtMatmulPreferenceOpaque_t)
  LAYOUT(cublasLtMatmulAlgo_t)
  LAYOUT(cublasLtMatmulHeuristicResult_t)
  MEMBER(cublasLtMatmulHeuristicResult_t, algo)
  MEMBER(cublasLtMatmulHeuristicResult_t, workspaceSize)
  MEMBER(cublasLtMatmulHeuristicResult_t, state)
  MEMBER(cublasLtMatmulHeuristicResult_t, wavesCount)
}
