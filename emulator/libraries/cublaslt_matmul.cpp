#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "emulator/libraries/cublaslt_descriptors.h"
#include "emulator/libraries/matrix.h"
#include "emulator/libraries/memory.h"

using namespace palimpsest::libraries;

namespace {

// The heuristics assumed this alignment.
constexpr std::size_t kAlignment = 256;
constexpr int kAlgorithms = 2;

struct Product {
  Matrix a, b, c, d;
  Precision precision = Precision::float32;
  std::uint64_t name = 0;  // a hash of shapes, strides and precision
};

bool read_layout(cublasLtMatrixLayout_t layout, Matrix& matrix) {
  if (!layout) return false;
  const auto fields = read_fields<LayoutFields>(*layout);
  matrix = {std::int64_t(fields.rows), std::int64_t(fields.columns), fields.leading, false};
  return fields.type == CUDA_R_32F && matrix.rows > 0 && matrix.columns > 0 && matrix.fits();
}

bool read_operation(std::int32_t operation, Matrix& matrix) {
  matrix.transposed = operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
  return matrix.transposed || operation == CUBLAS_OP_N;
}

bool read_precision(std::int32_t compute_type, Precision& precision) {
  switch (compute_type) {
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      precision = Precision::float32;
      return true;
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      precision = Precision::tf32;
      return true;
    case CUBLAS_COMPUTE_32F_FAST_16BF:
      precision = Precision::bf16;
      return true;
    default:
      return false;
  }
}

bool same_extents(const Matrix& a, const Matrix& b) {
  return a.rows == b.rows && a.columns == b.columns;
}

std::uint64_t hash(const Product& product) {
  std::uint64_t value = 0xcbf29ce484222325u;  // FNV-1a
  const auto add = [&](std::uint64_t part) { value = (value ^ part) * 0x100000001b3u; };
  for (const Matrix& matrix : {product.a, product.b, product.c, product.d})
    for (const std::int64_t part : {matrix.rows, matrix.columns, matrix.leading, std::int64_t{matrix.transposed}})
      add(std::uint64_t(part));
  add(std::uint64_t(product.precision));
  return value;
}

cublasStatus_t resolve(cublasLtMatmulDesc_t descriptor, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, Product& product) {
  if (!descriptor || !read_layout(a, product.a) || !read_layout(b, product.b) || !read_layout(c, product.c) ||
      !read_layout(d, product.d))
    return CUBLAS_STATUS_INVALID_VALUE;
  const auto fields = read_fields<MatmulFields>(*descriptor);
  if (!read_operation(fields.transa, product.a) || !read_operation(fields.transb, product.b))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (product.a.op_rows() != product.d.rows || product.b.op_columns() != product.d.columns ||
      product.a.op_columns() != product.b.op_rows() || !same_extents(product.c, product.d))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (!read_precision(fields.compute_type, product.precision) || fields.scale_type != CUDA_R_32F ||
      fields.epilogue != CUBLASLT_EPILOGUE_DEFAULT)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  product.name = hash(product);
  return CUBLAS_STATUS_SUCCESS;
}

// The first algorithm keeps a copy of the result in its workspace, like a split sum; the second needs none.
std::uint64_t workspace_of(int algorithm, const Product& product) {
  return algorithm == 0 ? product.d.bytes() : 0;
}

void copy(const Matrix& from_layout, const float* from, const Matrix& to_layout, float* to) {
  for (std::int64_t j = 0; j < to_layout.columns; ++j)
    std::copy_n(from + j * from_layout.leading, to_layout.rows, to + j * to_layout.leading);
}

void run(const Product& product, float alpha, const void* a, const void* b, float beta, const void* c, float* d,
         void* workspace) {
  Matrix result = product.d;
  float* target = d;
  if (workspace) {
    result = operand(false, product.d.rows, product.d.columns, product.d.rows);
    target = static_cast<float*>(workspace);
  }
  if (beta != 0.0f && c != target) copy(product.c, static_cast<const float*>(c), result, target);
  multiply(product.d.rows, product.d.columns, product.a.op_columns(), alpha, product.a.read(a), product.b.read(b), beta,
           result.write(target), product.precision);
  if (workspace) copy(result, target, product.d, d);
}

}  // namespace

extern "C" {

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t descriptor,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int requested,
                                              cublasLtMatmulHeuristicResult_t results[], int* found) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!preference || !results || !found || requested <= 0) return CUBLAS_STATUS_INVALID_VALUE;
  *found = 0;
  Product product;
  if (const cublasStatus_t status = resolve(descriptor, a, b, c, d, product)) return status;
  const std::uint64_t allowed = read_fields<PreferenceFields>(*preference).max_workspace;
  for (int i = 0; i < kAlgorithms && *found < requested; ++i) {
    const std::uint64_t workspace = workspace_of(i, product);
    if (workspace > allowed) continue;
    cublasLtMatmulHeuristicResult_t& result = results[(*found)++];
    result = {};
    write_fields(AlgorithmFields{product.name, workspace}, result.algo);
    result.workspaceSize = workspace;
    result.state = CUBLAS_STATUS_SUCCESS;
    result.wavesCount = 1;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t descriptor, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace, std::size_t workspace_bytes,
                              cudaStream_t stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!alpha || !beta || !a || !b || !c || !d) return CUBLAS_STATUS_INVALID_VALUE;
  Product product;
  if (const cublasStatus_t status = resolve(descriptor, a_layout, b_layout, c_layout, d_layout, product)) return status;
  for (const void* operand : {a, b, c, static_cast<const void*>(d)})
    if (!aligned(operand, kAlignment)) return CUBLAS_STATUS_INVALID_VALUE;
  if (c == d && product.c.leading != product.d.leading) return CUBLAS_STATUS_INVALID_VALUE;
  std::uint64_t needed = 0;
  if (algorithm) {
    const auto fields = read_fields<AlgorithmFields>(*algorithm);
    if (fields.product != product.name) return CUBLAS_STATUS_NOT_SUPPORTED;  // found for another product
    needed = fields.workspace;
  }
  if (needed > 0 && (!workspace || workspace_bytes < needed || !aligned(workspace, kAlignment)))
    return CUBLAS_STATUS_INVALID_VALUE;
  const float beta_value = *static_cast<const float*>(beta);
  std::vector<Range> reads = {{"A", a, product.a.bytes()}, {"B", b, product.b.bytes()}};
  if (c != d && beta_value != 0.0f) reads.push_back({"C", c, product.c.bytes()});
  enqueue(stream, "cublasLtMatmul", std::move(reads),
          {{"D", d, product.d.bytes()}, {"the workspace", workspace, std::size_t(needed)}},
          [=, alpha = *static_cast<const float*>(alpha)] {
            run(product, alpha, a, b, beta_value, c, static_cast<float*>(d), needed > 0 ? workspace : nullptr);
          });
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
