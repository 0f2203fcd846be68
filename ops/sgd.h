#pragma once
#include "ops/tensor.h"

namespace palimpsest {

// One parameter tensor with its gradient; all three share one layout. Without momentum `velocity` is empty.
struct SgdParameter {
  Tensor value, gradient, velocity;
};

// g = scale * gradient + weight_decay * value;  velocity = momentum * velocity + g;  value -= rate * velocity
// (torch.optim.SGD without Nesterov; momentum 0: value -= rate * g).
struct SgdOptions {
  double rate = 0.01, momentum = 0, weight_decay = 0;
  double gradient_scale = 1;
};

}  // namespace palimpsest
