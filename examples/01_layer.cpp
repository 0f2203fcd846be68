// One convolution: forward, backward and relevance, once by plain loops and once by the library.
#include <cmath>

#include "cpu/device.h"
#include "examples/compare.h"

using namespace palimpsest;

constexpr Conv2dShape kShape{1, 3, 6, 5, 4};  // one picture of 3 channels, 6 rows and 5 columns, to 4 channels
constexpr int kRows = kShape.h, kColumns = kShape.w, kPixels = kRows * kColumns;
constexpr float kEpsilon = 0.1F;

// visit(i, j, l) for every product w[l] * x[i] in the sum y[j]; ops/layer.h has the formula.
static void for_each_product(auto visit) {
  for (int j = 0; j < kShape.k * kPixels; ++j)  // an output channel and a pixel
    for (int l = 0; l < kShape.c * 9; ++l) {    // an input channel and one of 3 x 3 taps
      const int row = j / kColumns % kRows + l / 3 % 3 - 1, column = j % kColumns + l % 3 - 1;
      if (row < 0 || row == kRows || column < 0 || column == kColumns) continue;  // padding
      visit(l / 9 * kPixels + row * kColumns + column, j, j / kPixels * kShape.c * 9 + l);
    }
}

int main() {
  const Values x = random_values(kShape.input(), 1), w = random_values(kShape.weights(), 2);
  const Values above = random_values(kShape.output(), 3);  // what comes down: first the gradient, then the relevance

  // By hand. The epsilon rule: R_i = sum_j x_i w_ij / (y_j + sign(y_j) epsilon) R_j.
  Values y(above.size()), dx(x.size()), dw(w.size()), relevance(x.size());
  for_each_product([&](int i, int j, int l) { y[j] += w[l] * x[i]; });
  for_each_product([&](int i, int j, int l) { dx[i] += w[l] * above[j], dw[l] += x[i] * above[j]; });
  for_each_product(
      [&](int i, int j, int l) { relevance[i] += x[i] * w[l] * above[j] / (y[j] + std::copysign(kEpsilon, y[j])); });

  // By the library: a device, a plan for the shape, and tensors on the device (d_), which are zero when fresh.
  const auto device = make_cpu_device(1);
  const auto plan = device->plan_layer(kShape);
  const Tensor d_x = device->make(kShape.input(), Layout::activation, x);
  const Tensor d_w = device->make(kShape.weights(), Layout::kernel, w);
  const Tensor d_above = device->make(kShape.output(), Layout::activation, above);
  const Tensor d_y = device->make(kShape.output(), Layout::activation);
  const Tensor d_below = device->make(kShape.input(), Layout::activation);
  const Tensor d_dw = device->make(kShape.weights(), Layout::kernel);
  const Tensor d_b = device->make(kShape.bias(), Layout::channels);
  const Tensor d_db = device->make(kShape.bias(), Layout::channels);
  plan->forward(d_x, d_w, d_b, false, d_y);
  bool right = equal("output", y, device->download(d_y));
  plan->backward_data(d_above, d_w, {}, d_below);
  right &= equal("gradient of the input", dx, device->download(d_below));
  plan->backward_weights(d_x, d_above, d_dw, d_db);
  right &= equal("gradient of the weights", dw, device->download(d_dw));
  const std::vector<RelevanceTerm> terms{{.weights = d_w}};  // a rule's sum over x_i w_ij (ops/relevance.h)
  const Stabiliser stabiliser{Stabiliser::Kind::add_sign, kEpsilon};
  plan->relevance_denominator({.terms = terms, .x = d_x, .stabiliser = stabiliser}, {&d_above, 1}, {&d_above, 1});
  plan->relevance_redistribute({terms, d_x}, d_above, d_below);  // d_above holds the quotients now
  right &= equal("relevance of the input", relevance, device->download(d_below));
  return right ? 0 : 1;
}
