// cuBLASLt is column major: it sees a dense row-major matrix as its transpose (cuda/descriptors.h). With rows y, x
// and w (outputs x inputs):
//   y  = x w^T    D (outputs x n)      = w^T  x       w transposed
//   dx = dy w     D (inputs x n)       = w    dy
//   dw = dy^T x   D (inputs x outputs) = x    dy^T    dy transposed
//   db[o] = sum over n of dy[n, o], by our own kernel
#include "cuda/cublaslt_product.h"

#include "base/error.h"
#include "cuda/bias_relu.h"
#include "cuda/descriptors.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kWorkspace = std::size_t{32} << 20;  // at most

cublasComputeType_t compute_type(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return CUBLAS_COMPUTE_32F;
    case Precision::tf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case Precision::bf16:
      return CUBLAS_COMPUTE_32F_FAST_16BF;
  }
  throw ContractError("unknown precision");
}

// D = op(A) op(B), with the heuristics' first algorithm.
class Product {
 public:
  Product(const CublasLtHandle& handle, Precision precision, bool transpose_a, bool transpose_b, const MatrixLayout& a,
          const MatrixLayout& b, const MatrixLayout& d)
      : handle_(handle),
        descriptor_(compute_type(precision), transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N,
                    transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT),
        a_(a),
        b_(b),
        d_(d) {
    const MatmulPreference preference(kWorkspace);
    int found = 0;
    CUBLAS_CHECK(cublasLtMatmulAlgoGetHeuristic(handle.get(), descriptor_.get(), a.get(), b.get(), d.get(), d.get(),
                                                preference.get(), 1, &best_, &found));
    if (found == 0)
      throw Error("cuBLASLt has no algorithm for a fully connected layer",
                  "use --convolution own, or choose own for it in the table");
  }
  std::size_t workspace() const { return best_.workspaceSize; }
  void run(const Context& context, const float* a, const float* b, float* d) const {
    constexpr float one = 1, zero = 0;
    CUBLAS_CHECK(cublasLtMatmul(handle_.get(), descriptor_.get(), &one, a, a_.get(), b, b_.get(), &zero, d, d_.get(), d,
                                d_.get(), &best_.algo, context.scratch(), workspace(), context.stream.get()));
  }

 private:
  const CublasLtHandle& handle_;
  MatmulDescriptor descriptor_;
  const MatrixLayout &a_, &b_, &d_;
  cublasLtMatmulHeuristicResult_t best_{};
};

}  // namespace

struct CublasLtProduct::Products {
  const CublasLtHandle& handle;
  MatrixLayout x, w, y;
  Product forward, backward_data, backward_weights;

  Products(Context& context, const LayerShape& s)
      : handle(cublaslt_of(context)),
        x(s.n, s.c),
        w(s.k, s.c),
        y(s.n, s.k),
        forward(handle, context.precision, true, false, w, x, y),
        backward_data(handle, context.precision, false, false, w, y, x),
        backward_weights(handle, context.precision, false, true, x, y, w) {}
};

CublasLtProduct::CublasLtProduct(Context& context, const LayerShape& shape)
    : context_(context), shape_(shape), products_(std::make_unique<Products>(context, shape)) {
  for (const Product* product : {&products_->forward, &products_->backward_data, &products_->backward_weights})
    context.reserve_scratch(product->workspace());
}

CublasLtProduct::~CublasLtProduct() = default;

void CublasLtProduct::forward(const float* x, const float* w, const float* b, bool relu, float* y) {
  products_->forward.run(context_, w, x, y);
  bias_relu_forward(context_, std::size_t(shape_.n), shape_.k, b, relu, y);
}

void CublasLtProduct::backward_data(const float* dy, const float* w, float* dx) {
  products_->backward_data.run(context_, w, dy, dx);
}

void CublasLtProduct::backward_weights(const float* x, const float* dy, float* dw, float* db) {
  products_->backward_weights.run(context_, x, dy, dw);
  bias_backward(context_, shape_.n, shape_.k, dy, db);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
