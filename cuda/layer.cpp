#include "cuda/layer.h"

#include <array>
#include <optional>

#include "base/error.h"
#include "cuda/algorithm_table.h"
#include "cuda/cublaslt_product.h"
#include "cuda/cudnn_convolution.h"
#include "cuda/relevance_pointers.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

template <typename Library>
class Plan final : public LayerPlan {
 public:
  // `library_can`: whether Library supports the context's precision.
  Plan(Context& context, const AlgorithmTable& table, const LayerShape& shape, bool library_can)
      : context_(context), shape_(shape), gemm_(gemm_shape(shape)) {
    context_.reserve_scratch(implicit_gemm_scratch_bytes(gemm_));
    for (const LayerPass pass : {LayerPass::forward, LayerPass::backward_data, LayerPass::backward_weights}) {
      Algorithm& algorithm = algorithms_[std::size_t(pass)];
      algorithm = algorithm_of(table, pass, shape);
      if (!library_can) algorithm.provider = Provider::own;
      context_.reserve_scratch(implicit_gemm_scratch_bytes(gemm_, algorithm.tile, algorithm.splits));
    }
    for (const Algorithm& algorithm : algorithms_)
      if (algorithm.provider == Provider::library && !library_) library_.emplace(context_, shape);
  }

  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) override {
    check_operands(x, w, b, "w", "b");
    check(y, shape_.output(), shape_.layout(), "y");
    if (by_library(LayerPass::forward))
      return library_->forward(data(context_, x), data(context_, w), data(context_, b), relu, data(context_, y));
    implicit_gemm_forward(gemm_, run(LayerPass::forward), data(context_, x), data(context_, w), data(context_, b), relu,
                          data(context_, y));
  }

  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& dx) override {
    check(dy, shape_.output(), shape_.layout(), "dy");
    check(w, shape_.weights(), shape_.weights_layout(), "w");
    check(dx, shape_.input(), shape_.layout(), "dx");
    if (by_library(LayerPass::backward_data))
      return library_->backward_data(data(context_, dy), data(context_, w), data(context_, dx));
    implicit_gemm_backward_data(gemm_, run(LayerPass::backward_data), data(context_, dy), data(context_, w),
                                data(context_, dx));
  }

  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) override {
    check_operands(x, dw, db, "dw", "db");
    check(dy, shape_.output(), shape_.layout(), "dy");
    if (by_library(LayerPass::backward_weights))
      library_->backward_weights(data(context_, x), data(context_, dy), data(context_, dw), data(context_, db));
    else
      implicit_gemm_backward_weights(gemm_, run(LayerPass::backward_weights), data(context_, x), data(context_, dy),
                                     data(context_, dw), data(context_, db));
    touch(dw);
    touch(db);
  }

  RelevanceSums relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                      std::span<const Tensor> quotients) override {
    return PALIMPSEST_CUDA::relevance_denominator(context_, shape_, run(Algorithm{}), what, relevance, quotients);
  }

  void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                              const Tensor& relevance) override {
    PALIMPSEST_CUDA::relevance_redistribute(context_, shape_, run(Algorithm{}), what, quotient, relevance);
  }

 private:
  const Algorithm& algorithm(LayerPass pass) const { return algorithms_[std::size_t(pass)]; }
  bool by_library(LayerPass pass) const { return algorithm(pass).provider == Provider::library; }

  GemmRun run(const Algorithm& by) const {
    return {
        context_.stream.get(), context_.scratch(), context_.scratch_bytes(), context_.precision, by.tile, by.splits};
  }
  GemmRun run(LayerPass pass) const { return run(algorithm(pass)); }

  void check_operands(const Tensor& x, const Tensor& w, const Tensor& b, const char* weights, const char* bias) const {
    check(x, shape_.input(), shape_.layout(), "x");
    check(w, shape_.weights(), shape_.weights_layout(), weights);
    check(b, shape_.bias(), shape_.vector_layout(), bias);
  }

  Context& context_;
  const LayerShape shape_;
  const ImplicitGemmShape gemm_;
  std::array<Algorithm, 3> algorithms_;
  std::optional<Library> library_;
};

}  // namespace

std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const AlgorithmTable& table, const LayerShape& shape) {
  if (!shape.is_convolution()) return std::make_unique<Plan<CublasLtProduct>>(context, table, shape, true);
  const bool library_can = context.precision != Precision::bf16;  // cuDNN's BF16 needs BF16 tensors
  return std::make_unique<Plan<CudnnConvolution>>(context, table, shape, library_can);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
