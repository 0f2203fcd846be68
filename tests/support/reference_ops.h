#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "ops/device.h"

// Every operation of the contract as plain loops in double precision, the reference for all devices. Canonical
// order (NCHW, OIHW, row major) throughout; the formulas are those of the headers in ops/.
namespace palimpsest::reference {

using Values = std::vector<double>;

// A result with the bound of its rounding error: |got - value| <= c * u * sqrt(length) * absolute, where
// `absolute` is the sum of |products| behind each value and `length` the number of products.
// That bound is of first order. If `condition` is given, an error of u sqrt(length) is magnified by it, and if that
// is near 1 there is no bound: a quotient whose denominator is lost in rounding.
struct Result {
  Values value, absolute;
  double length = 1;
  Values condition = {};
};

Result layer_forward(const LayerShape& shape, const Values& x, const Values& w, const Values& b, bool relu);
Result layer_backward_data(const LayerShape& shape, const Values& dy, const Values& w);
Result layer_backward_weights(const LayerShape& shape, const Values& x, const Values& dy);
Result layer_backward_bias(const LayerShape& shape, const Values& dy);

struct Pooled {
  Values value;
  std::vector<int> winner;  // 0..3, row major in the window; the first wins a tie, NaN wins over everything
};
Pooled max_pool(const Shape& input, const Values& x);
// relu_output may be empty: then nothing is cut.
Values max_pool_backward(const Shape& input, const Values& dy, const std::vector<int>& winner,
                         const Values& relu_output);

Result average_pool(const Shape& input, const Values& x);
// x may be empty: then the gradient alone.
Result average_pool_backward(const Shape& input, const Values& dy, const Values& x);

void cut_negative(Values& values);  // a ReLU, in place
Values relu_backward(const Values& output, const Values& gradient);

struct Loss {
  double loss = 0;
  int correct = 0;
  Values gradient;  // of the mean loss
};
Loss focal_loss(const FocalLoss& loss, int classes, const Values& logits, std::span<const int> labels);

// One step in place; velocity empty: no momentum.
// start: empty, or what the value decays to
void sgd(Values& value, const Values& gradient, Values& velocity, const Values& start, const SgdOptions& options);

Values map_weights(const Values& from, WeightMap map, double gamma);

}  // namespace palimpsest::reference
