#pragma once
#include <array>
#include <optional>

#include "base/error.h"
#include "cuda/algorithm_table.h"
#include "cuda/gemm/layer.h"
#include "cuda/relevance_pointers.h"

namespace palimpsest::PALIMPSEST_CUDA {

// The plan of a layer: every pass by what the table says, our own implicit GEMM or Library's (cuDNN, cuBLASLt); the
// relevance passes are always our own. Plan is Conv2dPlan or LinearPlan.
template <typename Plan, typename Library>
class GemmLayerPlan final : public Plan {
 public:
  // `looked_up`: the shape under which the table has it. `library_can`: whether Library knows the context's precision.
  template <typename LayerShape>
  GemmLayerPlan(Context& context, const AlgorithmTable& table, const LayerShape& shape, const GemmLayer& layer,
                const Conv2dShape& looked_up, bool library_can)
      : context_(context), layer_(layer) {
    context_.reserve_scratch(implicit_gemm_scratch_bytes(layer_.gemm));
    for (const Conv2dPass pass : {Conv2dPass::forward, Conv2dPass::backward_data, Conv2dPass::backward_weights}) {
      Algorithm& algorithm = algorithms_[std::size_t(pass)];
      algorithm = algorithm_of(table, pass, looked_up);
      if (!library_can) algorithm.provider = Provider::own;
      context_.reserve_scratch(implicit_gemm_scratch_bytes(layer_.gemm, algorithm.tile, algorithm.splits));
    }
    for (const Algorithm& algorithm : algorithms_)
      if (algorithm.provider == Provider::library && !library_) library_.emplace(context_, shape);
  }

  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) override {
    check_operands(x, w, b, "w", "b");
    check(y, layer_.output, layer_.layout, "y");
    if (by_library(Conv2dPass::forward)) return library_->forward(data(x), data(w), data(b), relu, data(y));
    implicit_gemm_forward(layer_.gemm, run(Conv2dPass::forward), data(x), data(w), data(b), relu, data(y));
  }

  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& dx) override {
    check(dy, layer_.output, layer_.layout, "dy");
    check(w, layer_.weights, layer_.weights_layout, "w");
    check(dx, layer_.input, layer_.layout, "dx");
    if (by_library(Conv2dPass::backward_data)) return library_->backward_data(data(dy), data(w), data(dx));
    implicit_gemm_backward_data(layer_.gemm, run(Conv2dPass::backward_data), data(dy), data(w), data(dx));
  }

  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) override {
    check_operands(x, dw, db, "dw", "db");
    check(dy, layer_.output, layer_.layout, "dy");
    if (by_library(Conv2dPass::backward_weights))
      library_->backward_weights(data(x), data(dy), data(dw), data(db));
    else
      implicit_gemm_backward_weights(layer_.gemm, run(Conv2dPass::backward_weights), data(x), data(dy), data(dw),
                                     data(db));
    touch(dw);
    touch(db);
  }

  RelevanceSums relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                      std::span<const Tensor> quotients) override {
    return PALIMPSEST_CUDA::relevance_denominator(context_, layer_, run(Algorithm{}), what, relevance, quotients);
  }

  void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                              const Tensor& relevance) override {
    PALIMPSEST_CUDA::relevance_redistribute(layer_, run(Algorithm{}), what, quotient, relevance);
  }

 private:
  const Algorithm& algorithm(Conv2dPass pass) const { return algorithms_[std::size_t(pass)]; }
  bool by_library(Conv2dPass pass) const { return algorithm(pass).provider == Provider::library; }

  GemmRun run(const Algorithm& by) const {
    return {
        context_.stream.get(), context_.scratch(), context_.scratch_bytes(), context_.precision, by.tile, by.splits};
  }
  GemmRun run(Conv2dPass pass) const { return run(algorithm(pass)); }

  void check_operands(const Tensor& x, const Tensor& w, const Tensor& b, const char* weights, const char* bias) const {
    check(x, layer_.input, layer_.layout, "x");
    check(w, layer_.weights, layer_.weights_layout, weights);
    check(b, layer_.bias, layer_.vector_layout, bias);
  }

  Context& context_;
  GemmLayer layer_;
  std::array<Algorithm, 3> algorithms_;
  std::optional<Library> library_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
