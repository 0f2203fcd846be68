#pragma once
#include <memory>
#include <optional>

#include "cpu/context.h"
#include "ops/layer.h"

namespace palimpsest::cpu {

// Common to convolutions and fully connected layers: the checks (layer.cpp) and relevance (relevance.cpp). They differ
// in three products, which conv2d.cpp and linear.cpp define.
class CpuLayerPlan : public LayerPlan {
 public:
  CpuLayerPlan(Context& context, const LayerShape& shape) : context_(context), shape_(shape) {}

  void forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) final;
  void backward_data(const Tensor& dy, const Tensor& w, const Tensor& rectified, const Tensor& dx) final;
  void backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) final;
  bool steps_weights() const final { return false; }
  void relevance_denominator(const RelevanceDenominator& what, std::span<const Tensor> relevance,
                             std::span<const Tensor> quotients) final;
  void relevance_redistribute(const RelevanceRedistribution& what, const Tensor& quotient,
                              const Tensor& relevance) final;

 protected:
  // y = relu?(W x + b); b may be null. pass: whose algorithm runs; none: the most accurate one.
  virtual void product(std::optional<LayerPass> pass, const float* x, const Tensor& w, const float* b, bool relu,
                       float* y) = 0;
  virtual void transposed_product(const float* dy, const Tensor& w, float* dx) = 0;  // dx = W^T dy
  virtual void weight_product(const float* x, const float* dy, float* dw, float* db) = 0;

  const float* checked(const Tensor& tensor, const Shape& shape, const char* name) const {  // an input or output
    check(context_, tensor, shape, shape_.layout(), name);
    return data(context_, tensor);
  }
  void check_weights(const Tensor& w, const char* name) const {
    check(context_, w, shape_.weights(), shape_.weights_layout(), name);
  }

  Context& context_;
  const LayerShape shape_;

 private:
  const float* checked_bias(const Tensor& b, const char* name) const {
    check(context_, b, shape_.bias(), shape_.vector_layout(), name);
    return data(context_, b);
  }
  const float* mapped_input(const RelevanceTerm& term, const float* x);
  const float* denominator(const RelevanceDenominator& what);
  std::vector<float> total_bias(std::span<const RelevanceTerm> terms) const;
};

void relevance_quotients(const Context& context, const Tensor& z, const Stabiliser& stabiliser,
                         std::span<const Tensor> relevance, std::span<const Tensor> quotients, const Scalars& sums);

std::unique_ptr<LayerPlan> make_conv2d_plan(Context& context, const LayerShape& shape);
std::unique_ptr<LayerPlan> make_linear_plan(Context& context, const LayerShape& shape);
std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const LayerShape& shape);

}  // namespace palimpsest::cpu
