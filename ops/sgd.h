#pragma once
#include "ops/tensor.h"

namespace palimpsest {

class LayerPlan;

// The gradient of a fully connected layer's weights as the x and dy of LayerPlan::backward_weights (ops/layer.h).
// requires: plan->steps_weights()
struct GradientProduct {
  LayerPlan* plan = nullptr;
  Tensor x, dy;
};

// One parameter tensor with its gradient; all share one layout. Without momentum `velocity` is empty. `start`, if it is
// not empty, is what the value decays to in place of 0.
struct SgdParameter {
  Tensor value, gradient, velocity, start = {};
  GradientProduct product = {};  // in place of `gradient`, which is then empty and never in memory; without clip_norm
};

// g = scale * gradient + decay;  velocity = momentum * velocity + g;  value -= rate * velocity
// (torch.optim.SGD without Nesterov; momentum 0: value -= rate * g).
// decay = weight_decay * value, with a start l2_sp * (value - start): the gradient of l2_sp / 2 ||value - start||^2
// (Li, Grandvalet and Davoine, "Explicit inductive bias for transfer learning with convolutional networks", ICML 2018,
// eq. 4). scale = gradient_scale * min(1, clip_norm / ||all gradients||).
struct SgdOptions {
  double rate = 0.01, momentum = 0, weight_decay = 0;
  double gradient_scale = 1;
  double l2_sp = 0;
  double clip_norm = 0;  // 0: none; else `scale` is smaller where the norm of all gradients exceeds it
};

}  // namespace palimpsest
