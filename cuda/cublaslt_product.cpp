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
    CUBLAS_CHECK(CUBLASLT(cublasLtMatmulAlgoGetHeuristic)(handle.get(), descriptor_.get(), a.get(), b.get(), d.get(),
                                                          d.get(), preference.get(), 1, &best_, &found));
    exists_ = found > 0;
  }
  bool exists() const { return exists_; }
  std::size_t workspace() const { return best_.workspaceSize; }
  void run(const Context& context, const float* a, const float* b, float* d) const {
    constexpr float one = 1, zero = 0;
    CUBLAS_CHECK(CUBLASLT(cublasLtMatmul)(handle_.get(), descriptor_.get(), &one, a, a_.get(), b, b_.get(), &zero, d,
                                          d_.get(), d, d_.get(), &best_.algo, context.scratch(), workspace(),
                                          context.stream.get()));
  }

 private:
  const CublasLtHandle& handle_;
  MatmulDescriptor descriptor_;
  const MatrixLayout &a_, &b_, &d_;
  cublasLtMatmulHeuristicResult_t best_{};
  bool exists_ = false;
};

}  // namespace

struct CublasLtProduct::Products {
  const CublasLtHandle& handle;
  MatrixLayout x, w, y;
  std::optional<Product> forward, backward_data, backward_weights;

  Products(Context& context, const LayerShape& s)
      : handle(cublaslt_of(context)), x(s.n, s.c), w(s.k, s.c), y(s.n, s.k) {}
};

CublasLtProduct::CublasLtProduct(Context& context, const LayerShape& shape) : context_(context), shape_(shape) {}

CublasLtProduct::~CublasLtProduct() = default;

std::optional<Provider> CublasLtProduct::plan(LayerPass pass, Provider /*wanted*/) {
  if (!products_) products_ = std::make_unique<Products>(context_, shape_);
  Products& p = *products_;
  const auto created = [&](std::optional<Product>& product, bool transpose_a, bool transpose_b, const MatrixLayout& a,
                           const MatrixLayout& b, const MatrixLayout& d) {
    product.emplace(p.handle, context_.precision, transpose_a, transpose_b, a, b, d);
    if (!product->exists()) return std::optional<Provider>();
    context_.reserve_scratch(product->workspace());
    return std::optional(Provider::library);
  };
  if (pass == LayerPass::forward || pass == LayerPass::relevance) return created(p.forward, true, false, p.w, p.x, p.y);
  if (pass == LayerPass::backward_data) return created(p.backward_data, false, false, p.w, p.y, p.x);
  context_.reserve_scratch(bias_backward_scratch_bytes(shape_.n, shape_.k));
  return created(p.backward_weights, false, true, p.x, p.y, p.w);
}

void CublasLtProduct::product(const float* x, const float* w, float* y) {
  products_->forward->run(context_, w, x, y);
}

void CublasLtProduct::forward(const float* x, const float* w, const float* b, bool relu, float* y) {
  product(x, w, y);
  bias_relu_forward(context_, std::size_t(shape_.n), shape_.k, b, relu, y);
}

void CublasLtProduct::backward_data(const float* dy, const float* w, float* dx) {
  products_->backward_data->run(context_, w, dy, dx);
}

void CublasLtProduct::backward_weights(const float* x, const float* dy, float* dw, float* db) {
  products_->backward_weights->run(context_, x, dy, dw);
  bias_backward(context_, shape_.n, shape_.k, dy, db);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
