#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/layer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// One convolution by cuDNN. Device pointers in the GPU's layouts.
class CudnnConvolution {
 public:
  CudnnConvolution(Context& context, const LayerShape& shape);  // does not need the library yet
  ~CudnnConvolution();

  // Chooses the first algorithm of cuDNN's heuristics for a pass that is deterministic, has the context's precision
  // (exact fp32, or TF32) and fits the workspace, and reserves that; false if there is none. Required before the pass
  // runs. Throws Error where cuDNN is missing.
  bool plan(LayerPass pass);

  void forward(const float* x, const float* w, const float* b, bool relu, float* y);
  void backward_data(const float* dy, const float* w, float* dx);
  void backward_weights(const float* x, const float* dy, float* dw, float* db);

 private:
  struct Passes;
  Context& context_;
  const LayerShape shape_;
  std::unique_ptr<Passes> passes_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
