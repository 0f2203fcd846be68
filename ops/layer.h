#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "ops/relevance.h"
#include "ops/tensor.h"

namespace palimpsest {

// A layer with weights: n images of c channels, h rows and w columns to k channels of the same extents. A fully
// connected layer has images of one pixel, so that its activations are matrices.
struct LayerShape {
  enum class Kind : std::uint8_t { convolution, linear };
  Kind kind = Kind::convolution;
  int n = 1, c = 1, h = 1, w = 1, k = 1;

  constexpr bool is_convolution() const { return kind == Kind::convolution; }
  constexpr int side() const { return is_convolution() ? 3 : 1; }  // of the kernel

  constexpr Shape input() const { return {n, c, h, w}; }
  constexpr Shape output() const { return {n, k, h, w}; }
  constexpr Shape weights() const { return {k, c, side(), side()}; }
  constexpr Shape bias() const { return {1, k}; }
  constexpr Layout layout() const { return is_convolution() ? Layout::activation : Layout::matrix; }  // input, output
  constexpr Layout weights_layout() const { return is_convolution() ? Layout::kernel : Layout::matrix; }
  constexpr Layout vector_layout() const { return is_convolution() ? Layout::channels : Layout::matrix; }  // bias

  friend bool operator==(const LayerShape&, const LayerShape&) = default;
};

// y[n,k,p,q] = relu?( b[k] + sum_{c,r,s} w[k,c,r,s] * x[n,c,p+r-1,q+s-1] ), 3x3, stride 1, zero padding 1, so y has the
// extents of x. x: (n, c, h, w) activation; w: (k, c, 3, 3) kernel; b: k channels; y: (n, k, h, w) activation.
struct Conv2dShape : LayerShape {
  constexpr Conv2dShape(int images, int inputs, int height, int width, int outputs)
      : LayerShape{Kind::convolution, images, inputs, height, width, outputs} {}
};

// y[n,k] = relu?( b[k] + sum_c w[k,c] * x[n,c] ). x: (n, c) matrix; w: (k, c) matrix; b: (1, k) matrix; y: (n, k)
// matrix.
struct LinearShape : LayerShape {
  constexpr LinearShape(int images, int inputs, int outputs)
      : LayerShape{Kind::linear, images, inputs, 1, 1, outputs} {}
};

// relevance: the forward product inside relevance_denominator, if a floor bounds it from below.
enum class LayerPass : std::uint8_t { forward, backward_data, backward_weights, relevance };

// Created once per shape, run many times. Every output is overwritten unless stated otherwise, its padding lanes with
// zeros. Throws ContractError when a tensor's shape or layout does not fit. The formulas are for convolutions; for
// a fully connected layer r = s = 1, without p, q.
class LayerPlan {
 public:
  virtual ~LayerPlan() = default;

  // What runs a pass, as ops/algorithm_table.h names it: the algorithm of the table, or what serves where that cannot.
  virtual std::string algorithm(LayerPass pass) const = 0;

  virtual void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) = 0;

  // dx[n,c,i,j] = sum_{k,r,s} w[k,c,r,s] * dy[n,k,i-r+1,j-s+1], and 0 where rectified[n,c,i,j] <= 0: given the x that a
  // ReLU has put out, dx is the gradient before that ReLU. rectified: x, or empty
  virtual void backward_data(const Tensor& dy, const Tensor& w, const Tensor& rectified, const Tensor& dx) = 0;

  // dw[k,c,r,s] = sum_{n,p,q} dy[n,k,p,q] * x[n,c,p+r-1,q+s-1];  db[k] = sum_{n,p,q} dy[n,k,p,q]
  // dw may be empty, if steps_weights(): only db is computed.
  virtual void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) = 0;

  // Whether Device::sgd_step takes x and dy in place of dw (GradientProduct, ops/sgd.h).
  virtual bool steps_weights() const = 0;

  // The two halves of every relevance rule; see ops/relevance.h for the formula. `relevance` and `quotients` have one
  // tensor for each target; the denominator is computed once for all of them. A quotient may be the relevance itself
  // (division in place).
  virtual void relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                                     std::span<const Tensor> quotients) = 0;
  virtual void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                                      const Tensor& relevance) = 0;
};

}  // namespace palimpsest
