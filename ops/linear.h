#pragma once
#include <span>

#include "ops/relevance.h"
#include "ops/tensor.h"

namespace palimpsest {

// y[n,o] = relu?( b[o] + sum_i w[o,i] * x[n,i] ). x: (n, inputs) matrix; w: (outputs, inputs) matrix; b: (1, outputs)
// matrix; y: (n, outputs) matrix.
struct LinearShape {
  int n = 1, inputs = 1, outputs = 1;
  Shape input() const { return {n, inputs}; }
  Shape output() const { return {n, outputs}; }
  Shape weights() const { return {outputs, inputs}; }
};

// As Conv2dPlan, for fully connected layers.
class LinearPlan {
 public:
  virtual ~LinearPlan() = default;

  virtual void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) = 0;
  virtual void backward_data(const Tensor& dy, const Tensor& w, const Tensor& dx) = 0;  // dx = dy w
  // dw[o,i] = sum_n dy[n,o] * x[n,i];  db[o] = sum_n dy[n,o]
  virtual void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) = 0;

  virtual RelevanceSums relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                              std::span<const Tensor> quotients) = 0;
  virtual void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                                      const Tensor& relevance) = 0;
};

}  // namespace palimpsest
