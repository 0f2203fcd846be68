#pragma once
#include <cudnn.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "cuda/precision.h"
#include "ops/layer.h"

namespace palimpsest::PALIMPSEST_CUDA {

// One pass of a convolution as a graph of cuDNN's backend API ("Graph API" of cuDNN's developer guide), by an engine
// that the library's heuristics propose.
enum class ConvolutionGraph : std::uint8_t {
  product,            // y = w * x
  product_bias,       // y = w * x + b
  product_bias_relu,  // y = max(w * x + b, 0), which may turn NaN into 0
  backward_data,      // x from y and w
  backward_weights,   // w from x and y
};

// Where a plan is to run: the GPU of a handle, or (cuDNN 9.8 and later) one that a finalised
// CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR describes, so that plans can be made without a GPU.
struct GraphTarget {
  cudnnHandle_t handle = nullptr;
  cudnnBackendDescriptor_t device = nullptr;
};

// Device pointers in the GPU's layouts, whichever of them the graph has.
struct GraphOperands {
  const float *x = nullptr, *w = nullptr, *y = nullptr, *b = nullptr;
};

class CudnnPlan {
 public:
  // The first engine of the heuristics that is deterministic, sums products as they are (no Winograd, no FFT), needs at
  // most `most_workspace` bytes, and with fp32 rounds nothing to fewer bits. Empty: there is none. With fp32 or tf32.
  // Throws Error where the library fails.
  static std::optional<CudnnPlan> make(const GraphTarget& target, const LayerShape& shape, ConvolutionGraph graph,
                                       Precision precision, std::size_t most_workspace);

  std::size_t workspace() const { return workspace_; }
  std::int64_t engine() const { return engine_; }  // its index among those of the graph

  // On the handle's stream.
  void run(cudnnHandle_t handle, const GraphOperands& operands, void* workspace) const;

 private:
  class Descriptors;
  // The guide does not say what descriptors copy, so all that a plan was made of lives as long as it does.
  std::shared_ptr<const Descriptors> made_of_;
  cudnnBackendDescriptor_t plan_ = nullptr;
  std::size_t workspace_ = 0;
  std::int64_t engine_ = 0;
};

}  // namespace palimpsest::PALIMPSEST_CUDA
