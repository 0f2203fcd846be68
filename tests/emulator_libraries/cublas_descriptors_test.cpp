// What cuBLASLt's descriptors hold, answer and refuse. Built against the
// stand-ins and against the real libraries, as cudnn_descriptors_test.cpp.
#include <cublasLt.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace {

template <class Value, class Descriptor, class Attribute, class Get>
Value read(Get get, Descriptor descriptor, Attribute attribute) {
  Value value{};
  std::size_t written = 0;
  EXPECT_EQ(get(descriptor, attribute, &value, sizeof(value), &written), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(written, sizeof(value));
  return value;
}

template <class Descriptor, class Attribute, class Get>
std::size_t size_of(Get get, Descriptor descriptor, Attribute attribute) {
  std::size_t written = 0;
  EXPECT_EQ(get(descriptor, attribute, nullptr, 0, &written), CUBLAS_STATUS_SUCCESS);
  return written;
}

}  // namespace

TEST(CublasLtMatrixLayout, HoldsWhatItIsGiven) {
  cublasLtMatrixLayout_t layout = nullptr;
  ASSERT_EQ(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 10, 20, 12), CUBLAS_STATUS_SUCCESS);
  const auto get = cublasLtMatrixLayoutGetAttribute;
  EXPECT_EQ(read<std::uint32_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_TYPE), std::uint32_t{CUDA_R_32F});
  EXPECT_EQ(read<std::uint64_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_ROWS), 10u);
  EXPECT_EQ(read<std::uint64_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_COLS), 20u);
  EXPECT_EQ(read<std::int64_t>(get, layout, CUBLASLT_MATRIX_LAYOUT_LD), 12);
  EXPECT_EQ(size_of(get, layout, CUBLASLT_MATRIX_LAYOUT_TYPE), 4u);
  EXPECT_EQ(size_of(get, layout, CUBLASLT_MATRIX_LAYOUT_ROWS), 8u);
  EXPECT_EQ(size_of(get, layout, CUBLASLT_MATRIX_LAYOUT_LD), 8u);
  EXPECT_EQ(cublasLtMatrixLayoutDestroy(layout), CUBLAS_STATUS_SUCCESS);
}

TEST(CublasLtMatrixLayout, ChecksSizesButNoValues) {
  cublasLtMatrixLayout_t layout = nullptr;
  EXPECT_EQ(cublasLtMatrixLayoutCreate(nullptr, CUDA_R_32F, 10, 20, 10), CUBLAS_STATUS_INVALID_VALUE);
  ASSERT_EQ(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, 10, 20, 5), CUBLAS_STATUS_SUCCESS);
  std::uint64_t rows = 0;
  std::size_t written = 0;
  const auto get = cublasLtMatrixLayoutGetAttribute;
  EXPECT_EQ(get(layout, CUBLASLT_MATRIX_LAYOUT_ROWS, &rows, 4, &written), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(get(layout, CUBLASLT_MATRIX_LAYOUT_ROWS, nullptr, 0, nullptr), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(get(layout, CUBLASLT_MATRIX_LAYOUT_ROWS, &rows, 8, nullptr), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(rows, 10u);
  EXPECT_EQ(cublasLtMatrixLayoutDestroy(layout), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasLtMatrixLayoutDestroy(nullptr), CUBLAS_STATUS_SUCCESS);
}

TEST(CublasLtMatmulDescriptor, HoldsWhatItIsGiven) {
  cublasLtMatmulDesc_t descriptor = nullptr;
  ASSERT_EQ(cublasLtMatmulDescCreate(&descriptor, CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
  const auto get = cublasLtMatmulDescGetAttribute;
  EXPECT_EQ(read<std::int32_t>(get, descriptor, CUBLASLT_MATMUL_DESC_COMPUTE_TYPE), CUBLAS_COMPUTE_32F_FAST_TF32);
  EXPECT_EQ(read<std::int32_t>(get, descriptor, CUBLASLT_MATMUL_DESC_SCALE_TYPE), CUDA_R_32F);
  EXPECT_EQ(read<std::int32_t>(get, descriptor, CUBLASLT_MATMUL_DESC_TRANSA), CUBLAS_OP_N);
  EXPECT_EQ(read<std::uint32_t>(get, descriptor, CUBLASLT_MATMUL_DESC_EPILOGUE),
            std::uint32_t{CUBLASLT_EPILOGUE_DEFAULT});
  const auto set = cublasLtMatmulDescSetAttribute;
  const std::int32_t transposed = CUBLAS_OP_T;
  ASSERT_EQ(set(descriptor, CUBLASLT_MATMUL_DESC_TRANSB, &transposed, sizeof(transposed)), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(read<std::int32_t>(get, descriptor, CUBLASLT_MATMUL_DESC_TRANSB), CUBLAS_OP_T);
  const std::uint32_t nonsense = 1000;  // detected when the heuristics search for a product
  EXPECT_EQ(set(descriptor, CUBLASLT_MATMUL_DESC_EPILOGUE, &nonsense, sizeof(nonsense)), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(set(descriptor, CUBLASLT_MATMUL_DESC_EPILOGUE, &nonsense, 8), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(set(descriptor, CUBLASLT_MATMUL_DESC_EPILOGUE, nullptr, 4), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulDescCreate(nullptr, CUBLAS_COMPUTE_32F, CUDA_R_32F), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulDescDestroy(descriptor), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasLtMatmulDescDestroy(nullptr), CUBLAS_STATUS_SUCCESS);
}

TEST(CublasLtMatmulPreference, ChecksSizes) {
  cublasLtMatmulPreference_t preference = nullptr;
  ASSERT_EQ(cublasLtMatmulPreferenceCreate(&preference), CUBLAS_STATUS_SUCCESS);
  const std::uint64_t bytes = 1 << 20;
  const auto set = cublasLtMatmulPreferenceSetAttribute;
  EXPECT_EQ(set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, 8), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, 4), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(set(nullptr, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, 8), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulPreferenceCreate(nullptr), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtMatmulPreferenceDestroy(preference), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasLtMatmulPreferenceDestroy(nullptr), CUBLAS_STATUS_SUCCESS);
}

TEST(CublasLt, NamesItsStatuses) {
  for (const auto& [status, name] : {std::pair{CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS"},
                                     std::pair{CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED"},
                                     std::pair{CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED"},
                                     std::pair{CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE"},
                                     std::pair{CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH"},
                                     std::pair{CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR"},
                                     std::pair{CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED"},
                                     std::pair{CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR"},
                                     std::pair{CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED"},
                                     std::pair{CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR"}})
    EXPECT_STREQ(cublasLtGetStatusName(status), name);
  EXPECT_STREQ(cublasLtGetStatusName(static_cast<cublasStatus_t>(77)), "unrecognized status");
  EXPECT_GE(cublasLtGetVersion(), std::size_t{130000});
}

TEST(CublasLt, NullHandles) {
  EXPECT_EQ(cublasLtCreate(nullptr), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasLtDestroy(nullptr), CUBLAS_STATUS_INVALID_VALUE);
}
