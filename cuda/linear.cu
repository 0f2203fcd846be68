#include "cuda/linear.h"

#include <array>
#include <optional>

#include "base/error.h"
#include "cuda/cublaslt_product.h"
#include "cuda/gemm.h"
#include "cuda/relevance_pointers.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

class Plan final : public LinearPlan {
 public:
  Plan(Context& context, const AlgorithmTable& table, const LinearShape& shape)
      : context_(context),
        shape_(shape),
        layer_{linear_shape(shape.n, shape.inputs, shape.outputs),
               shape.input(),
               shape.output(),
               shape.weights(),
               {1, shape.outputs},
               Layout::matrix,
               Layout::matrix,
               Layout::matrix} {
    context_.reserve_scratch(implicit_gemm_scratch_bytes(layer_.gemm));
    bool library = false;
    for (const Conv2dPass pass : {Conv2dPass::forward, Conv2dPass::backward_data, Conv2dPass::backward_weights}) {
      Algorithm& algorithm = algorithms_[std::size_t(pass)];
      algorithm = algorithm_of(table, pass, {shape.n, shape.inputs, 1, 1, shape.outputs});
      library = library || algorithm.provider == Provider::library;
      context_.reserve_scratch(implicit_gemm_scratch_bytes(layer_.gemm, algorithm.tile, algorithm.splits));
    }
    if (library) cublas_.emplace(context_, shape);
  }

  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) override {
    check_operands(x, w, b);
    check(y, shape_.output(), Layout::matrix, "y");
    if (by_library(Conv2dPass::forward)) return cublas_->forward(data(x), data(w), data(b), relu, data(y));
    implicit_gemm_forward(layer_.gemm, run(Conv2dPass::forward), data(x), data(w), data(b), relu, data(y));
  }

  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& dx) override {
    check(dy, shape_.output(), Layout::matrix, "dy");
    check(w, shape_.weights(), Layout::matrix, "w");
    check(dx, shape_.input(), Layout::matrix, "dx");
    if (by_library(Conv2dPass::backward_data)) return cublas_->backward_data(data(dy), data(w), data(dx));
    implicit_gemm_backward_data(layer_.gemm, run(Conv2dPass::backward_data), data(dy), data(w), data(dx));
  }

  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) override {
    check_operands(x, dw, db);
    check(dy, shape_.output(), Layout::matrix, "dy");
    if (by_library(Conv2dPass::backward_weights))
      cublas_->backward_weights(data(x), data(dy), data(dw), data(db));
    else
      implicit_gemm_backward_weights(layer_.gemm, run(Conv2dPass::backward_weights), data(x), data(dy), data(dw),
                                     data(db));
    touch(dw);
    touch(db);
  }

  RelevanceSums relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                      std::span<const Tensor> quotients) override {
    return PALIMPSEST_CUDA::relevance_denominator(context_, layer_, relevance_run(), what, relevance, quotients);
  }

  void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                              const Tensor& relevance) override {
    PALIMPSEST_CUDA::relevance_redistribute(layer_, relevance_run(), what, quotient, relevance);
  }

 private:
  bool by_library(Conv2dPass pass) const { return algorithms_[std::size_t(pass)].provider == Provider::library; }

  GemmRun run(Conv2dPass pass) const {
    const Algorithm& algorithm = algorithms_[std::size_t(pass)];
    return {context_.stream.get(), context_.scratch(), context_.scratch_bytes(),
            context_.precision,    algorithm.tile,     algorithm.splits};
  }
  GemmRun relevance_run() const {
    return {context_.stream.get(), context_.scratch(),  context_.scratch_bytes(),
            context_.precision,    GemmTile::automatic, 0};
  }

  void check_operands(const Tensor& x, const Tensor& w, const Tensor& b) const {
    check(x, shape_.input(), Layout::matrix, "x");
    check(w, shape_.weights(), Layout::matrix, "w");
    check(b, {1, shape_.outputs}, Layout::matrix, "b");
  }

  Context& context_;
  LinearShape shape_;
  RelevanceLayer layer_;
  std::array<Algorithm, 3> algorithms_;
  std::optional<CublasLtProduct> cublas_;
};

}  // namespace

std::unique_ptr<LinearPlan> make_linear_plan(Context& context, const AlgorithmTable& table, const LinearShape& shape) {
  return std::make_unique<Plan>(context, table, shape);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
