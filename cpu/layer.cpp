#include "cpu/layer.h"

namespace palimpsest::cpu {

void CpuLayerPlan::forward(const Tensor& x, const Tensor& w, const Tensor& b, bool relu, const Tensor& y) {
  const float* const from = checked(x, shape_.input(), "x");
  check_weights(w, "w");
  const float* const bias = checked_bias(b, "b");
  checked(y, shape_.output(), "y");
  product(LayerPass::forward, from, w, bias, relu, data(context_, y));
}

void CpuLayerPlan::backward_data(const Tensor& dy, const Tensor& w, const Tensor& rectified, const Tensor& dx) {
  const float* const from = checked(dy, shape_.output(), "dy");
  checked(dx, shape_.input(), "dx");
  float* const to = data(context_, dx);
  transposed_product(from, w, to);
  if (rectified.empty()) return;
  const float* const x = checked(rectified, shape_.input(), "rectified");
  const std::size_t count = context_.bytes(dx.shape, dx.layout) / sizeof(float);
#pragma omp parallel for simd schedule(static)
  for (std::size_t i = 0; i < count; ++i) to[i] = x[i] <= 0 ? 0.0F : to[i];
}

void CpuLayerPlan::backward_weights(const Tensor& x, const Tensor& dy, const Tensor& dw, const Tensor& db) {
  const float* const from = checked(x, shape_.input(), "x");
  const float* const by = checked(dy, shape_.output(), "dy");
  check_weights(dw, "dw");
  checked_bias(db, "db");
  weight_product(from, by, data(context_, dw), data(context_, db));
  touch(dw);
  touch(db);
}

std::unique_ptr<LayerPlan> make_layer_plan(Context& context, const LayerShape& shape) {
  return shape.is_convolution() ? make_conv2d_plan(context, shape) : make_linear_plan(context, shape);
}

}  // namespace palimpsest::cpu
