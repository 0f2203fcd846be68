#include "cuda/cudnn_convolution.h"

#include <cmath>

#include "base/error.h"
#include "cuda/bias_relu.h"
#include "cuda/descriptors.h"
#include "ops/out_of_memory.h"

namespace palimpsest::PALIMPSEST_CUDA {

namespace {

constexpr std::size_t kMostWorkspace = std::size_t{512} << 20;

}  // namespace

CudnnConvolution::CudnnConvolution(Context& context, const LayerShape& shape) : context_(context), shape_(shape) {}

std::optional<Provider> CudnnConvolution::plan(LayerPass pass, Provider wanted) {
  if (context_.precision == Precision::bf16) return std::nullopt;  // it needs BF16 tensors
  if (pass == LayerPass::backward_weights)
    context_.reserve_scratch(bias_backward_scratch_bytes(pixels(), padded(shape_.k)));
  if (wanted == Provider::library && plan_graphs(pass)) return Provider::library;
  if (!legacy_) legacy_ = std::make_unique<LegacyConvolution>(context_, shape_);
  const auto workspace = legacy_->plan(pass, kMostWorkspace);
  if (!workspace) return std::nullopt;
  context_.reserve_scratch(*workspace);
  return Provider::library_legacy;
}

bool CudnnConvolution::plan_graphs(LayerPass pass) {
  try {
    switch (pass) {
      case LayerPass::backward_data:
        return (backward_data_ = planned(ConvolutionGraph::backward_data)).has_value();
      case LayerPass::backward_weights:
        return (backward_weights_ = planned(ConvolutionGraph::backward_weights)).has_value();
      case LayerPass::relevance:
        return (product_ = planned(ConvolutionGraph::product)).has_value();
      case LayerPass::forward:
        break;
    }
    forward_ = planned(ConvolutionGraph::product_bias);
    adds_bias_ = forward_.has_value();
    if (!adds_bias_) forward_ = planned(ConvolutionGraph::product);
    with_relu_ = planned(ConvolutionGraph::product_bias_relu);
    if (with_relu_ && !keeps_nan(*with_relu_)) with_relu_.reset();
    return forward_.has_value();
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error& error) {
    cudnn_of(context_);  // throws where the library is missing
    context_.say(fmt::format("cuDNN's graphs failed, so its legacy calls serve: {}", error.what()));
    return false;
  }
}

std::optional<CudnnPlan> CudnnConvolution::planned(ConvolutionGraph graph) {
  const GraphTarget target{.handle = cudnn_of(context_).get()};
  auto plan = CudnnPlan::make(target, shape_, graph, context_.precision, kMostWorkspace);
  if (plan) context_.reserve_scratch(plan->workspace());
  return plan;
}

// Runs the plan on zeros with a bias that is NaN.
bool CudnnConvolution::keeps_nan(const CudnnPlan& with_relu) try {
  const auto floats = [&](std::size_t count) { return DeviceBuffer(context_.pool, count * sizeof(float)); };
  const auto inputs = std::size_t(padded(shape_.c)), outputs = std::size_t(padded(shape_.k));
  const DeviceBuffer x = floats(std::size_t(pixels()) * inputs), w = floats(9 * inputs * outputs), b = floats(outputs),
                     y = floats(std::size_t(pixels()) * outputs);
  for (const DeviceBuffer* zeros : {&x, &w, &b})
    CUDA_CHECK(cudaMemsetAsync(zeros->data(), 0, zeros->bytes(), context_.stream.get()));
  CUDA_CHECK(cudaMemsetAsync(b.data(), 0xff, sizeof(float), context_.stream.get()));
  run(with_relu, {x.as<float>(), w.as<float>(), y.as<float>(), b.as<float>()});
  const float first = context_.downloader.value(y.as<const float>());
  return std::isnan(first);
} catch (const OutOfMemory&) {
  return false;
}

void CudnnConvolution::run(const CudnnPlan& plan, const GraphOperands& operands) {
  plan.run(cudnn_of(context_).get(), operands, context_.scratch());
}

void CudnnConvolution::forward(const float* x, const float* w, const float* b, bool relu, float* y) {
  if (relu && with_relu_) return run(*with_relu_, {x, w, y, b});
  if (forward_)
    run(*forward_, {x, w, y, adds_bias_ ? b : nullptr});
  else
    legacy_->product(x, w, y);
  bias_relu_forward(context_, std::size_t(pixels()), padded(shape_.k), adds_bias_ ? nullptr : b, relu, y);
}

void CudnnConvolution::product(const float* x, const float* w, float* y) {
  if (product_) return run(*product_, {x, w, y});
  legacy_->product(x, w, y);
}

void CudnnConvolution::backward_data(const float* dy, const float* w, float* dx) {
  if (backward_data_) return run(*backward_data_, {dx, w, dy});
  legacy_->backward_data(dy, w, dx);
}

void CudnnConvolution::backward_weights(const float* x, const float* dy, float* dw, float* db) {
  if (backward_weights_)
    run(*backward_weights_, {x, dw, dy});
  else
    legacy_->backward_weights(x, dy, dw);
  bias_backward(context_, pixels(), padded(shape_.k), dy, db);
}

}  // namespace palimpsest::PALIMPSEST_CUDA
