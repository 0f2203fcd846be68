#include "cuda/layer.h"

#include <array>

#include "base/error.h"
#include "cuda/algorithm_table.h"
#include "cuda/bias_relu.h"
#include "cuda/cublaslt_product.h"
#include "cuda/cudnn_convolution.h"
#include "cuda/factor.h"
#include "cuda/relevance_pointers.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::array kPasses{LayerPass::forward, LayerPass::backward_data, LayerPass::backward_weights,
                             LayerPass::relevance};

template <typename Library>
class Plan final : public CudaLayerPlan {
 public:
  Plan(Context& context, const AlgorithmTable& table, const LayerShape& shape)
      : context_(context), shape_(shape), gemm_(gemm_shape(shape)), library_(context, shape) {
    context_.reserve_scratch(implicit_gemm_scratch_bytes(gemm_));
    for (const LayerPass pass : kPasses) {
      const Algorithm& algorithm = algorithms_[std::size_t(pass)] = chosen(table, pass);
      context_.reserve_scratch(implicit_gemm_scratch_bytes(gemm_, algorithm.tile, algorithm.splits));
    }
  }

  std::string algorithm(LayerPass pass) const override { return name_of(algorithms_[std::size_t(pass)]); }

  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) override {
    check_operands(x, w, b, "w", "b");
    check(y, shape_.output(), shape_.layout(), "y");
    if (by_library(LayerPass::forward))
      return library_.forward(data(context_, x), data(context_, w), data(context_, b), relu, written(context_, y));
    const Factor by_x = factor(context_, x), by_w = factor(context_, w);
    const Destination to = destination(context_, y);
    implicit_gemm_forward(gemm_, run(LayerPass::forward), by_x, by_w, data(context_, b), relu, to);
    copied(context_, y, to);
  }

  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& rectified, const Tensor& dx) override {
    check(dy, shape_.output(), shape_.layout(), "dy");
    check(w, shape_.weights(), shape_.weights_layout(), "w");
    check(dx, shape_.input(), shape_.layout(), "dx");
    if (!rectified.empty()) check(rectified, shape_.input(), shape_.layout(), "rectified");
    const float* const x = optional_data(context_, rectified);
    if (by_library(LayerPass::backward_data)) {
      float* const to = written(context_, dx);
      library_.backward_data(data(context_, dy), data(context_, w), to);
      if (x) relu_backward(context_, bytes_of(dx.shape, dx.layout) / sizeof(float), x, to);
      return;
    }
    // What is behind a ReLU is a factor of the products below.
    const Factor from = factor(context_, dy), by = factor(context_, w);
    const Destination to = x ? destination(context_, dx) : Destination(written(context_, dx));
    implicit_gemm_backward_data(gemm_, run(LayerPass::backward_data), from, by, x, to);
    copied(context_, dx, to);
  }

  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) override {
    PALIMPSEST_REQUIRE(!dw.empty() || steps_weights(), "dw is empty");
    check_operands(x, dw, db, "dw", "db");
    check(dy, shape_.output(), shape_.layout(), "dy");
    if (by_library(LayerPass::backward_weights))
      library_.backward_weights(data(context_, x), data(context_, dy), written(context_, dw), written(context_, db));
    else
      implicit_gemm_backward_weights(gemm_, run(LayerPass::backward_weights), factor(context_, x), factor(context_, dy),
                                     dw.empty() ? nullptr : written(context_, dw), written(context_, db));
  }

  bool steps_weights() const override {
    return !shape_.is_convolution() && !by_library(LayerPass::backward_weights) &&
           implicit_gemm_steps_weights(gemm_, run(LayerPass::backward_weights));
  }
  void step_weights(const Tensor& x, const Tensor& dy, const Tensor& w, const WeightStep& step) override {
    check(x, shape_.input(), shape_.layout(), "x");
    check(dy, shape_.output(), shape_.layout(), "dy");
    check(w, shape_.weights(), shape_.weights_layout(), "w");
    implicit_gemm_step_weights(gemm_, run(LayerPass::backward_weights), factor(context_, x), factor(context_, dy),
                               step);
  }

  void relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                             std::span<const Tensor> quotients) override {
    const Multiply product = [&](const float* x, const float* w, float* z) { library_.product(x, w, z); };
    PALIMPSEST_CUDA::relevance_denominator(context_, shape_, run(LayerPass::relevance), what, relevance, quotients,
                                           by_library(LayerPass::relevance) ? product : nullptr);
  }

  void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                              const Tensor& relevance) override {
    const Multiply product = [&](const float* s, const float* w, float* c) { library_.backward_data(s, w, c); };
    PALIMPSEST_CUDA::relevance_redistribute(context_, shape_, run(LayerPass::backward_data), what, quotient, relevance,
                                            by_library(LayerPass::backward_data) ? product : nullptr);
  }

 private:
  // The table's, or our own where it cannot serve.
  Algorithm chosen(const AlgorithmTable& table, LayerPass pass) {
    const Algorithm named = algorithm_of(table, pass, shape_);
    if (named.provider != Provider::own) {
      if (const auto serves = library_.plan(pass, named.provider)) return {*serves, GemmTile::automatic, 0};
    } else if (tile_serves(named.tile, pass, gemm_, context_.precision) &&
               (named.tile != GemmTile::warpgroup || context_.compute_capability == 90)) {
      return trusted(table, named);
    }
    say_replaced(table, named, pass);
    return trusted(table, {});
  }
  // Where only the plain kernels may serve, another that is named is refused, not replaced.
  Algorithm trusted(const AlgorithmTable& table, const Algorithm& own) const {
    const std::string& refused =
        context_.refused.empty() && own.tile == GemmTile::warpgroup ? context_.refused_warpgroups : context_.refused;
    if (refused.empty() || own.tile == GemmTile::plain) return own;
    if (own.tile != GemmTile::automatic)
      throw Error(fmt::format("--convolution {}: {} is refused on {}: {}", table.description(), name_of(own),
                              context_.gpu, refused),
                  "use auto, own:plain or library");
    return {Provider::own, GemmTile::plain, 0};
  }
  void say_replaced(const AlgorithmTable& table, const Algorithm& algorithm, LayerPass pass) const {
    const LayerShape& s = shape_;
    const std::string of = algorithm.provider != Provider::own
                               ? fmt::format(" of {} x {} x {} x {} to {}", s.n, s.c, s.h, s.w, s.k)
                               : std::string{};
    context_.say(fmt::format("--convolution {}: {} has no {}{} in {}: own runs it", table.description(),
                             name_of(algorithm), pass_name(pass), of, word_of(context_.precision)));
  }

  bool by_library(LayerPass pass) const { return algorithms_[std::size_t(pass)].provider != Provider::own; }
  GemmRun run(LayerPass pass) const {
    const Algorithm& by = algorithms_[std::size_t(pass)];
    return {context_.stream.get(), context_.scratch(), context_.scratch_bytes(), context_.precision, by.tile, by.splits,
            context_.warpgroups()};
  }

  void check_operands(const Tensor& x, const Tensor& w, const Tensor& b, const char* weights, const char* bias) const {
    check(x, shape_.input(), shape_.layout(), "x");
    if (!w.empty()) check(w, shape_.weights(), shape_.weights_layout(), weights);
    check(b, shape_.bias(), shape_.vector_layout(), bias);
  }

  Context& context_;
  const LayerShape shape_;
  const ImplicitGemmShape gemm_;
  Library library_;
  std::array<Algorithm, kPasses.size()> algorithms_;
};

}  // namespace

std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const AlgorithmTable& table, const LayerShape& shape) {
  if (!shape.is_convolution()) return std::make_unique<Plan<CublasLtProduct>>(context, table, shape);
  return std::make_unique<Plan<CudnnConvolution>>(context, table, shape);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
