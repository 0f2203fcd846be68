#pragma once
#include <memory>

#include "cuda/context.h"
#include "ops/layer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// One convolution by cuDNN: every pass by the first algorithm of its heuristics that is deterministic and has the
// context's precision (exact fp32, or TF32). Device pointers in the GPU's layouts.
class CudnnConvolution {
 public:
  CudnnConvolution(Context& context, const LayerShape& shape);
  ~CudnnConvolution();

  void forward(const float* x, const float* w, const float* b, bool relu, float* y);
  void backward_data(const float* dy, const float* w, float* dx);
  void backward_weights(const float* x, const float* dy, float* dw, float* db);

 private:
  struct Descriptors;
  Context& context_;
  std::size_t rows_;  // output pixels
  int lanes_;         // output channels, padded
  std::unique_ptr<Descriptors> descriptors_;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
