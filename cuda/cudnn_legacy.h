#pragma once
#include <memory>
#include <optional>

#include "cuda/context.h"
#include "ops/layer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// One convolution by cuDNN's calls from before its graphs, deprecated since version 9. Device pointers in the GPU's
// layouts; workspaces in the context's scratch memory.
class LegacyConvolution {
 public:
  // Throws Error where cuDNN is missing.
  LegacyConvolution(Context& context, const LayerShape& shape);
  ~LegacyConvolution();

  // Chooses the first algorithm of cuDNN's heuristics for a pass that is deterministic, has the context's precision
  // (exact fp32, or TF32) and needs at most `most_workspace` bytes; how many it needs, or nothing if there is none.
  // Required before the pass runs. `relevance` is planned like `forward`: both are products.
  std::optional<std::size_t> plan(LayerPass pass, std::size_t most_workspace);

  void product(const float* x, const float* w, float* y);  // forward without bias and ReLU
  void backward_data(const float* dy, const float* w, float* dx);
  void backward_weights(const float* x, const float* dy, float* dw);

 private:
  struct Passes;
  Context& context_;
  std::unique_ptr<Passes> passes_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
