#pragma once
#include <vector>

#include "ops/tensor.h"

namespace palimpsest {

// Softmax with class-weighted focal loss (Lin et al., "Focal loss for dense object detection", 2017, eq. 4):
//   p = softmax(logits), L_n = -a[y] (1 - p_y)^gamma log p_y,  loss = mean over n
//   dL_n/dlogit_j = a[y] (1[j=y] - p_j) [ gamma p (1-p)^(gamma-1) log p - (1-p)^gamma ],  p = p_y
// logits: (n, classes) matrix; labels: (n, 1) matrix of whole numbers in 0..classes-1. Any other label makes the loss
// NaN. 1 - p_y is summed over the other classes, to avoid cancellation as p_y goes to 1.
struct FocalLoss {
  double gamma = 0;                  // 0: cross-entropy
  std::vector<float> class_weights;  // a; empty: all 1
  friend bool operator==(const FocalLoss&, const FocalLoss&) = default;
};

struct LossResult {
  double loss = 0;  // mean over the batch; NaN and infinity are passed on, not hidden
  int correct = 0;  // images whose largest logit is the label's (the first wins a tie)
};

}  // namespace palimpsest
