#pragma once
#include <map>
#include <memory>
#include <vector>

#include "cuda/context.h"
#include "ops/loss.h"

namespace palimpsest::PALIMPSEST_CUDA {

// ops/loss.h on the GPU. run() only enqueues; result() waits for the last one.
class FocalLossKernel {
 public:
  explicit FocalLossKernel(Context& context);
  void run(const FocalLoss& loss, const Tensor& logits, const Tensor& labels, const Tensor* gradient);
  LossResult result();

 private:
  const float* weights_of(const FocalLoss& loss);

  Context& context_;
  DeviceBuffer result_;
  std::map<std::vector<float>, std::unique_ptr<DeviceBuffer>> class_weights_;  // all that were ever used: few
};

}  // namespace palimpsest::PALIMPSEST_CUDA
