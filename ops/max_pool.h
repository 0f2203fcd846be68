#pragma once
#include "ops/tensor.h"

namespace palimpsest {

// 2x2 max-pool, stride 2, odd last row or column dropped. x: (n, c, h, w); y: (n, c, h/2, w/2); winner: which of the
// four inputs was taken, row major; the first wins a tie, and a NaN wins over everything, so that it stays visible.
class MaxPoolPlan {
 public:
  virtual ~MaxPoolPlan() = default;
  virtual void forward(const Tensor& x, const Tensor& y, const Tensor& winner) = 0;

  // dx gets dy at the winner and 0 elsewhere. With `relu_output` (the pooled y of a ReLU) the gradient is also cut
  // where y <= 0, which is the ReLU's own backward pass. Relevance through a max-pool is the same without it.
  virtual void backward(const Tensor& dy, const Tensor& winner, const Tensor& relu_output, const Tensor& dx) = 0;
};

}  // namespace palimpsest
