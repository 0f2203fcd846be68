#pragma once
#include <memory>
#include <optional>

#include "cuda/algorithm_table.h"
#include "cuda/context.h"
#include "cuda/cudnn_graph.h"
#include "cuda/cudnn_legacy.h"
#include "ops/layer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// One convolution by cuDNN. Device pointers in the GPU's layouts.
class CudnnConvolution {
 public:
  CudnnConvolution(Context& context, const LayerShape& shape);  // does not need the library yet

  // Plans a pass in the context's precision, with at most 512 MiB of workspace, which is reserved. Provider::library:
  // as a graph (cudnn_graph.h), else by the legacy calls; library_legacy: by those. Returns which, or nothing if none
  // serves. Required before the pass runs. Throws Error where cuDNN is missing.
  std::optional<Provider> plan(LayerPass pass, Provider wanted);

  // Bias and ReLU are part of the graph where an engine has them, the ReLU only if NaN passes it; else in one pass of
  // our own.
  void forward(const float* x, const float* w, const float* b, bool relu, float* y);
  void product(const float* x, const float* w, float* y);  // planned as LayerPass::relevance
  void backward_data(const float* dy, const float* w, float* dx);
  void backward_weights(const float* x, const float* dy, float* dw, float* db);

 private:
  bool plan_graphs(LayerPass pass);
  std::optional<CudnnPlan> planned(ConvolutionGraph graph);
  bool keeps_nan(const CudnnPlan& with_relu);
  void run(const CudnnPlan& plan, const GraphOperands& operands);
  std::int64_t pixels() const { return std::int64_t{shape_.n} * shape_.h * shape_.w; }

  Context& context_;
  const LayerShape shape_;
  std::optional<CudnnPlan> forward_, with_relu_, product_, backward_data_, backward_weights_;
  bool adds_bias_ = false;  // forward_
  std::unique_ptr<LegacyConvolution> legacy_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
