#pragma once
#include <map>
#include <memory>
#include <vector>

#include "cuda/context.h"
#include "ops/loss.h"
#include "ops/pending.h"

namespace palimpsest::PALIMPSEST_CUDA {

// ops/loss.h on the GPU. result() is that of the last run().
class FocalLossKernel {
 public:
  explicit FocalLossKernel(Context& context);
  void run(const FocalLoss& loss, const Tensor& logits, const Tensor& labels, const Tensor* gradient);
  Pending<LossResult> result();

 private:
  const float* weights_of(const FocalLoss& loss);

  Context& context_;
  DeviceBuffer result_;
  std::map<std::vector<float>, std::unique_ptr<DeviceBuffer>> class_weights_;  // all that were ever used: few
};

}  // namespace palimpsest::PALIMPSEST_CUDA
