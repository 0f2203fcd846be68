// The stand-ins' products against plain loops in double, and the result of each misuse.
#include <cublasLt.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "device_array.h"
#include "simt/work.h"

namespace {

struct Extents {
  int m, n, k;
  bool transpose_a = false, transpose_b = false;
  int gap = 0;  // added to every leading dimension
  int a_rows() const { return transpose_a ? k : m; }
  int a_columns() const { return transpose_a ? m : k; }
  int b_rows() const { return transpose_b ? n : k; }
  int b_columns() const { return transpose_b ? k : n; }
};

std::size_t count(int rows, int columns, int gap) {
  return std::size_t(rows + gap) * std::size_t(columns);
}

// D = alpha op(A) op(B) + beta C with all its data.
class Product {
 public:
  explicit Product(const Extents& extents, cublasComputeType_t compute_type = CUBLAS_COMPUTE_32F)
      : e(extents),
        a(count(e.a_rows(), e.a_columns(), e.gap)),
        b(count(e.b_rows(), e.b_columns(), e.gap)),
        c(count(e.m, e.n, e.gap)),
        d(count(e.m, e.n, e.gap)),
        workspace(1 << 16) {
    EXPECT_EQ(cublasLtCreate(&handle), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatmulDescCreate(&descriptor, compute_type, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
    set(CUBLASLT_MATMUL_DESC_TRANSA, e.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, e.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    make(a_layout, e.a_rows(), e.a_columns());
    make(b_layout, e.b_rows(), e.b_columns());
    make(d_layout, e.m, e.n);
    EXPECT_EQ(cublasLtMatmulPreferenceCreate(&preference), CUBLAS_STATUS_SUCCESS);
    allow(workspace.bytes());
  }
  ~Product() {
    EXPECT_EQ(cublasLtMatmulPreferenceDestroy(preference), CUBLAS_STATUS_SUCCESS);
    for (cublasLtMatrixLayout_t layout : {a_layout, b_layout, d_layout})
      EXPECT_EQ(cublasLtMatrixLayoutDestroy(layout), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatmulDescDestroy(descriptor), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtDestroy(handle), CUBLAS_STATUS_SUCCESS);
  }
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  void set(cublasLtMatmulDescAttributes_t attribute, std::int32_t value) {
    EXPECT_EQ(cublasLtMatmulDescSetAttribute(descriptor, attribute, &value, sizeof(value)), CUBLAS_STATUS_SUCCESS);
  }
  void allow(std::uint64_t bytes) {
    EXPECT_EQ(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, 8),
              CUBLAS_STATUS_SUCCESS);
  }
  void make(cublasLtMatrixLayout_t& layout, int rows, int columns, cudaDataType type = CUDA_R_32F) {
    EXPECT_EQ(cublasLtMatrixLayoutCreate(&layout, type, std::uint64_t(rows), std::uint64_t(columns), rows + e.gap),
              CUBLAS_STATUS_SUCCESS);
  }
  cublasStatus_t find(int requested, int* found) {
    return cublasLtMatmulAlgoGetHeuristic(handle, descriptor, a_layout, b_layout, d_layout, d_layout, preference,
                                          requested, results, found);
  }
  cublasStatus_t run(const cublasLtMatmulAlgo_t* algorithm, float alpha = 1, float beta = 0) {
    return cublasLtMatmul(handle, descriptor, &alpha, a.data(), a_layout, b.data(), b_layout, &beta,
                          c_is_d ? d.data() : c.data(), d_layout, d.data(), d_layout, algorithm, workspace_pointer,
                          workspace_bytes, nullptr);
  }
  std::vector<double> expected(double alpha, double beta, const std::vector<float>& A, const std::vector<float>& B,
                               const std::vector<float>& C) const {
    std::vector<double> result(C.begin(), C.end());
    for (int j = 0; j < e.n; ++j)
      for (int i = 0; i < e.m; ++i) {
        double sum = 0;
        for (int k = 0; k < e.k; ++k) {
          const int ai = e.transpose_a ? k + i * (e.a_rows() + e.gap) : i + k * (e.a_rows() + e.gap);
          const int bi = e.transpose_b ? j + k * (e.b_rows() + e.gap) : k + j * (e.b_rows() + e.gap);
          sum += double(A[std::size_t(ai)]) * B[std::size_t(bi)];
        }
        double& value = result[std::size_t(i + j * (e.m + e.gap))];
        value = alpha * sum + (beta == 0 ? 0 : beta * value);
      }
    return result;
  }

  Extents e;
  DeviceArray a, b, c, d, workspace;
  bool c_is_d = false;
  void* workspace_pointer = workspace.data();
  std::size_t workspace_bytes = workspace.bytes();
  cublasLtHandle_t handle = nullptr;
  cublasLtMatmulDesc_t descriptor = nullptr;
  cublasLtMatrixLayout_t a_layout = nullptr, b_layout = nullptr, d_layout = nullptr;
  cublasLtMatmulPreference_t preference = nullptr;
  cublasLtMatmulHeuristicResult_t results[4] = {};
};

std::vector<Extents> all_extents() {
  return {{1, 1, 1},
          {1, 5, 3},
          {7, 3, 11, true},
          {13, 9, 5, false, true},
          {6, 8, 300, true, true},  // more than one block of k
          {20, 600, 17, true, false},
          {33, 7, 29, false, true, 3}};
}

}  // namespace

TEST(CublasLtMatmul, IsTheProduct) {
  for (const Extents& e : all_extents()) {
    Product product(e);
    const auto a = exact_values(count(e.a_rows(), e.a_columns(), e.gap), 1);
    const auto b = exact_values(count(e.b_rows(), e.b_columns(), e.gap), 2);
    const auto c = exact_values(count(e.m, e.n, e.gap), 3);
    product.a.set(a);
    product.b.set(b);
    int found = 0;
    ASSERT_EQ(product.find(4, &found), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(found, 2);
    for (int i = 0; i < found; ++i)
      for (const bool in_place : {false, true}) {
        product.c.set(c);
        product.d.set(c);
        product.c_is_d = in_place;
        ASSERT_EQ(product.run(&product.results[i].algo, 2, -0.5f), CUBLAS_STATUS_SUCCESS);
        EXPECT_EQ(product.d.get(), to_float(product.expected(2, -0.5, a, b, c))) << e.m << ' ' << e.n << ' ' << e.k;
      }
  }
}

TEST(CublasLtMatmul, DoesNotReadWhatItOverwrites) {
  Product product({7, 3, 11});
  const auto a = exact_values(77, 1), b = exact_values(33, 2);
  const std::vector<float> nan(21, std::numeric_limits<float>::quiet_NaN());
  product.a.set(a);
  product.b.set(b);
  product.c.set(nan);
  product.d.set(nan);
  product.c_is_d = true;
  ASSERT_EQ(product.run(nullptr), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(product.d.get(), to_float(product.expected(1, 0, a, b, nan)));
}

TEST(CublasLtMatmul, PrecisionFollowsTheComputeType) {
  const Extents e{16, 12, 64};
  const auto a = full_values(16 * 64, 1), b = full_values(64 * 12, 2);
  const auto worst = [&](cublasComputeType_t type) {
    Product product(e, type);
    product.a.set(a);
    product.b.set(b);
    EXPECT_EQ(product.run(nullptr), CUBLAS_STATUS_SUCCESS);
    const auto d = product.d.get();
    const auto expected = product.expected(1, 0, a, b, std::vector<float>(16 * 12));
    double error = 0;
    for (std::size_t i = 0; i < d.size(); ++i) error = std::max(error, std::abs(d[i] - expected[i]));
    return error;
  };
  EXPECT_LT(worst(CUBLAS_COMPUTE_32F), 1e-5);
  EXPECT_LT(worst(CUBLAS_COMPUTE_32F_PEDANTIC), 1e-5);
  EXPECT_GT(worst(CUBLAS_COMPUTE_32F_FAST_TF32), 1e-4);
  EXPECT_LT(worst(CUBLAS_COMPUTE_32F_FAST_TF32), 1e-2);
  EXPECT_GT(worst(CUBLAS_COMPUTE_32F_FAST_16BF), 2 * worst(CUBLAS_COMPUTE_32F_FAST_TF32));
  EXPECT_LT(worst(CUBLAS_COMPUTE_32F_FAST_16BF), 1e-1);
}

TEST(CublasLtMatmul, HeuristicsKeepToTheWorkspace) {
  Product product({7, 3, 11});
  int found = 0;
  product.allow(0);
  ASSERT_EQ(product.find(4, &found), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(found, 1);
  EXPECT_EQ(product.results[0].workspaceSize, 0u);
  product.allow(7 * 3 * sizeof(float));
  ASSERT_EQ(product.find(4, &found), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(found, 2);
  EXPECT_EQ(product.results[0].workspaceSize, 7 * 3 * sizeof(float));
  ASSERT_EQ(product.find(1, &found), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(found, 1);
}

TEST(CublasLtMisuse, Statuses) {
  Product product({7, 3, 11});
  product.a.set(exact_values(77, 1));
  product.b.set(exact_values(33, 2));
  int found = 0;
  ASSERT_EQ(product.find(1, &found), CUBLAS_STATUS_SUCCESS);
  const auto* best = &product.results[0].algo;
  ASSERT_EQ(product.run(best), CUBLAS_STATUS_SUCCESS);

  product.workspace_bytes = product.results[0].workspaceSize - 1;
  EXPECT_EQ(product.run(best), CUBLAS_STATUS_INVALID_VALUE);
  product.workspace_bytes = product.workspace.bytes();
  product.workspace_pointer = product.workspace.data() + 4;
  EXPECT_EQ(product.run(best), CUBLAS_STATUS_INVALID_VALUE);
  product.workspace_pointer = nullptr;
  EXPECT_EQ(product.run(best), CUBLAS_STATUS_INVALID_VALUE);
  product.workspace_pointer = product.workspace.data();

  Product other({7, 3, 12});
  EXPECT_EQ(other.run(best), CUBLAS_STATUS_NOT_SUPPORTED);  // found for another product

  const float one = 1;
  const auto with = [&](const float* alpha, const float* a, cublasLtHandle_t handle) {
    return cublasLtMatmul(handle, product.descriptor, alpha, a, product.a_layout, product.b.data(), product.b_layout,
                          &one, product.c.data(), product.d_layout, product.d.data(), product.d_layout, nullptr,
                          nullptr, 0, nullptr);
  };
  EXPECT_EQ(with(&one, product.a.data(), product.handle), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(with(&one, product.a.data(), nullptr), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(with(nullptr, product.a.data(), product.handle), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(with(&one, nullptr, product.handle), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(with(&one, product.a.data() + 4, product.handle),
            CUBLAS_STATUS_INVALID_VALUE);  // the heuristics assume 256
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST(CublasLtMisuse, Layouts) {
  const auto status = [](const std::function<void(Product&)>& corrupt) {
    Product product({7, 3, 11});
    corrupt(product);
    int found = 0;
    const cublasStatus_t from_heuristics = product.find(1, &found);
    EXPECT_EQ(product.run(nullptr), from_heuristics);
    EXPECT_EQ(found, from_heuristics == CUBLAS_STATUS_SUCCESS ? 1 : 0);
    return from_heuristics;
  };
  const auto remake = [](Product& product, cublasLtMatrixLayout_t& layout, int rows, int columns, std::int64_t leading,
                         cudaDataType type = CUDA_R_32F) {
    EXPECT_EQ(cublasLtMatrixLayoutDestroy(layout), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatrixLayoutCreate(&layout, type, std::uint64_t(rows), std::uint64_t(columns), leading),
              CUBLAS_STATUS_SUCCESS);
    static_cast<void>(product);
  };
  EXPECT_EQ(status([](Product&) {}), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(status([&](Product& p) { remake(p, p.a_layout, 7, 12, 7); }), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(status([&](Product& p) { remake(p, p.d_layout, 8, 3, 8); }), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(status([&](Product& p) { remake(p, p.b_layout, 11, 3, 10); }), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(status([&](Product& p) { remake(p, p.a_layout, 7, 11, 7, CUDA_R_16F); }), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(status([&](Product& p) { p.set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T); }), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(status([&](Product& p) { p.set(CUBLASLT_MATMUL_DESC_TRANSA, 77); }), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(status([&](Product& p) { p.set(CUBLASLT_MATMUL_DESC_EPILOGUE, 77); }), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(status([&](Product& p) { p.set(CUBLASLT_MATMUL_DESC_COMPUTE_TYPE, 70); }), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(status([&](Product& p) { p.set(CUBLASLT_MATMUL_DESC_SCALE_TYPE, CUDA_R_64F); }),
            CUBLAS_STATUS_NOT_SUPPORTED);
}

TEST(CublasLtMisuseDeathTest, MemoryThatIsTooSmall) {
  Product product({7, 3, 11}), small({7, 3, 10});
  const float one = 1, zero = 0;
  EXPECT_EXIT(cublasLtMatmul(product.handle, product.descriptor, &one, small.a.data(), product.a_layout,
                             product.b.data(), product.b_layout, &zero, product.d.data(), product.d_layout,
                             product.d.data(), product.d_layout, nullptr, nullptr, 0, nullptr),
              testing::ExitedWithCode(palimpsest::simt::kFindingExitCode), "A needs 308 bytes");
}
