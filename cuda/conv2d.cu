#include "cuda/conv2d.h"

#include <array>
#include <optional>

#include "base/error.h"
#include "cuda/cudnn_convolution.h"
#include "cuda/relevance_pointers.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

class Plan final : public Conv2dPlan {
 public:
  Plan(Context& context, const AlgorithmTable& table, const Conv2dShape& shape)
      : context_(context),
        shape_(shape),
        layer_{conv2d_shape(shape.n, shape.c, shape.h, shape.w, shape.k),
               shape.input(),
               shape.output(),
               shape.kernel(),
               {1, shape.k},
               Layout::activation,
               Layout::kernel,
               Layout::channels} {
    context_.reserve_scratch(implicit_gemm_scratch_bytes(layer_.gemm));
    bool library = false;
    for (const Conv2dPass pass : {Conv2dPass::forward, Conv2dPass::backward_data, Conv2dPass::backward_weights}) {
      Algorithm& algorithm = algorithms_[std::size_t(pass)];
      algorithm = algorithm_of(table, pass, shape);
      if (context_.precision == Precision::bf16) algorithm.provider = Provider::own;  // cuDNN's BF16 wants BF16 tensors
      library = library || algorithm.provider == Provider::library;
      context_.reserve_scratch(implicit_gemm_scratch_bytes(layer_.gemm, algorithm.tile, algorithm.splits));
    }
    if (library) cudnn_.emplace(context_, shape);
  }

  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) override {
    check_operands(x, w, b);
    check(y, shape_.output(), Layout::activation, "y");
    if (by_library(Conv2dPass::forward)) return cudnn_->forward(data(x), data(w), data(b), relu, data(y));
    implicit_gemm_forward(layer_.gemm, run(Conv2dPass::forward), data(x), data(w), data(b), relu, data(y));
  }

  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& dx) override {
    check(dy, shape_.output(), Layout::activation, "dy");
    check(w, shape_.kernel(), Layout::kernel, "w");
    check(dx, shape_.input(), Layout::activation, "dx");
    if (by_library(Conv2dPass::backward_data)) return cudnn_->backward_data(data(dy), data(w), data(dx));
    implicit_gemm_backward_data(layer_.gemm, run(Conv2dPass::backward_data), data(dy), data(w), data(dx));
  }

  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) override {
    check_operands(x, dw, db);
    check(dy, shape_.output(), Layout::activation, "dy");
    if (by_library(Conv2dPass::backward_weights))
      cudnn_->backward_weights(data(x), data(dy), data(dw), data(db));
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
    check(x, shape_.input(), Layout::activation, "x");
    check(w, shape_.kernel(), Layout::kernel, "w");
    check(b, {1, shape_.k}, Layout::channels, "b");
  }

  Context& context_;
  Conv2dShape shape_;
  RelevanceLayer layer_;
  std::array<Algorithm, 3> algorithms_;
  std::optional<CudnnConvolution> cudnn_;
};

}  // namespace

std::unique_ptr<Conv2dPlan> make_conv2d_plan(Context& context, const AlgorithmTable& table, const Conv2dShape& shape) {
  return std::make_unique<Plan>(context, table, shape);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
