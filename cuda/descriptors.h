#pragma once
#include <cublasLt.h>
#include <cudnn.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda/check.h"
#include "cuda/context.h"
#include "cuda/vendor_library.h"

namespace palimpsest::PALIMPSEST_CUDA {

// Owners of the handles and descriptors of cuDNN and cuBLASLt, set up for this project. They cannot be copied or moved:
// descriptors are members of the plan that uses them, handles belong to the context. Constructors throw Error.

// Destroys what a derived constructor created, even if the rest of that constructor throws.
template <class Handle, class Status>
class LibraryObject {
 public:
  LibraryObject(const LibraryObject&) = delete;
  LibraryObject& operator=(const LibraryObject&) = delete;
  Handle get() const { return handle_; }

 protected:
  explicit LibraryObject(Status (*destroy)(Handle)) : destroy_(destroy) {}
  ~LibraryObject() {
    if (handle_) static_cast<void>(destroy_(handle_));
  }
  Handle handle_ = nullptr;

 private:
  Status (*destroy_)(Handle);
};
template <class Handle>
using CudnnObject = LibraryObject<Handle, cudnnStatus_t>;
template <class Handle>
using CublasObject = LibraryObject<Handle, cublasStatus_t>;

// All its work goes to `stream`.
class CudnnHandle : public CudnnObject<cudnnHandle_t> {
 public:
  explicit CudnnHandle(cudaStream_t stream) : LibraryObject(CUDNN(cudnnDestroy)) {
    CUDNN_CHECK(CUDNN(cudnnCreate)(&handle_));
    CUDNN_CHECK(CUDNN(cudnnSetStream)(handle_, stream));
  }
};

// The context's handle of cuDNN.
inline const CudnnHandle& cudnn_of(Context& context) {
  if (!context.cudnn) context.cudnn = std::make_shared<CudnnHandle>(context.stream.get());
  return *context.cudnn;
}

// (n, c, h, w) float32 values stored as NHWC; c is the padded number of channels. The library rejects more than
// 2^31 - 1 values.
class TensorDescriptor : public CudnnObject<cudnnTensorDescriptor_t> {
 public:
  TensorDescriptor(int n, int c, int h, int w) : LibraryObject(CUDNN(cudnnDestroyTensorDescriptor)) {
    CUDNN_CHECK(CUDNN(cudnnCreateTensorDescriptor)(&handle_));
    CUDNN_CHECK(CUDNN(cudnnSetTensor4dDescriptor)(handle_, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, n, c, h, w));
  }
};

// k x c filters of 3 x 3 taps stored as KRSC; k and c are padded numbers of channels.
class FilterDescriptor : public CudnnObject<cudnnFilterDescriptor_t> {
 public:
  FilterDescriptor(int k, int c) : LibraryObject(CUDNN(cudnnDestroyFilterDescriptor)) {
    CUDNN_CHECK(CUDNN(cudnnCreateFilterDescriptor)(&handle_));
    CUDNN_CHECK(CUDNN(cudnnSetFilter4dDescriptor)(handle_, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, k, c, 3, 3));
  }
};

// Stride 1, zero padding 1. CUDNN_FMA_MATH is float32 throughout, CUDNN_TENSOR_OP_MATH is TF32; the library's own
// default is TF32 too.
class ConvolutionDescriptor : public CudnnObject<cudnnConvolutionDescriptor_t> {
 public:
  explicit ConvolutionDescriptor(cudnnMathType_t math) : LibraryObject(CUDNN(cudnnDestroyConvolutionDescriptor)) {
    CUDNN_CHECK(CUDNN(cudnnCreateConvolutionDescriptor)(&handle_));
    CUDNN_CHECK(
        CUDNN(cudnnSetConvolution2dDescriptor)(handle_, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    CUDNN_CHECK(CUDNN(cudnnSetConvolutionMathType)(handle_, math));
  }
};

class CublasLtHandle : public CublasObject<cublasLtHandle_t> {
 public:
  CublasLtHandle() : LibraryObject(CUBLASLT(cublasLtDestroy)) { CUBLAS_CHECK(CUBLASLT(cublasLtCreate)(&handle_)); }
};

// The context's handle of cuBLASLt.
inline const CublasLtHandle& cublaslt_of(Context& context) {
  if (!context.cublaslt) context.cublaslt = std::make_shared<CublasLtHandle>();
  return *context.cublaslt;
}

// A dense row-major float32 matrix of `rows` rows, as cuBLASLt sees it: column major and transposed, `columns` x
// `rows`. Then y = x w^T for rows y, x and w (outputs x inputs) becomes
//   D (outputs x n) = op(A) B,   A = w (inputs x outputs, transposed), B = x (inputs x n, not transposed).
class MatrixLayout : public CublasObject<cublasLtMatrixLayout_t> {
 public:
  MatrixLayout(std::int64_t rows, std::int64_t columns) : LibraryObject(CUBLASLT(cublasLtMatrixLayoutDestroy)) {
    CUBLAS_CHECK(CUBLASLT(cublasLtMatrixLayoutCreate)(&handle_, CUDA_R_32F, static_cast<std::uint64_t>(columns),
                                                      static_cast<std::uint64_t>(rows), columns));
  }
};

// D = op(A) op(B): CUBLAS_COMPUTE_32F is float32 throughout, the FAST types allow TF32 or BF16.
class MatmulDescriptor : public CublasObject<cublasLtMatmulDesc_t> {
 public:
  MatmulDescriptor(cublasComputeType_t compute_type, cublasOperation_t a, cublasOperation_t b,
                   cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT)
      : LibraryObject(CUBLASLT(cublasLtMatmulDescDestroy)) {
    CUBLAS_CHECK(CUBLASLT(cublasLtMatmulDescCreate)(&handle_, compute_type, CUDA_R_32F));
    set(CUBLASLT_MATMUL_DESC_TRANSA, static_cast<std::int32_t>(a));
    set(CUBLASLT_MATMUL_DESC_TRANSB, static_cast<std::int32_t>(b));
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, static_cast<std::uint32_t>(epilogue));
  }

 private:
  template <class Value>
  void set(cublasLtMatmulDescAttributes_t attribute, Value value) {
    CUBLAS_CHECK(CUBLASLT(cublasLtMatmulDescSetAttribute)(handle_, attribute, &value, sizeof(value)));
  }
};

// Algorithms that need no more than `workspace_bytes`.
class MatmulPreference : public CublasObject<cublasLtMatmulPreference_t> {
 public:
  explicit MatmulPreference(std::uint64_t workspace_bytes) : LibraryObject(CUBLASLT(cublasLtMatmulPreferenceDestroy)) {
    CUBLAS_CHECK(CUBLASLT(cublasLtMatmulPreferenceCreate)(&handle_));
    CUBLAS_CHECK(CUBLASLT(cublasLtMatmulPreferenceSetAttribute)(handle_, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                                &workspace_bytes, sizeof(workspace_bytes)));
  }
};

}  // namespace palimpsest::PALIMPSEST_CUDA
