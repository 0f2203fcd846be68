#pragma once
#include <memory>
#include <optional>

#include "cuda/algorithm_table.h"
#include "cuda/context.h"
#include "ops/layer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// One fully connected layer by cuBLASLt; bias and ReLU by our own kernel, since cuBLASLt's ReLU turns NaN into 0.
class CublasLtProduct {
 public:
  CublasLtProduct(Context& context, const LayerShape& shape);  // does not need the library yet
  ~CublasLtProduct();

  // Chooses the first algorithm of cuBLASLt's heuristics for a pass and reserves its workspace; nothing if there is
  // none. Required before the pass runs. Throws Error where cuBLASLt is missing. `wanted` differs only for cuDNN.
  std::optional<Provider> plan(LayerPass pass, Provider wanted);

  void forward(const float* x, const float* w, const float* b, bool relu, float* y);
  void product(const float* x, const float* w, float* y);  // planned as LayerPass::relevance
  void backward_data(const float* dy, const float* w, float* dx);
  void backward_weights(const float* x, const float* dy, float* dw, float* db);

 private:
  struct Products;
  Context& context_;
  LayerShape shape_;
  std::unique_ptr<Products> products_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
