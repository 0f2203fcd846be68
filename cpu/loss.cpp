#include "cpu/loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace palimpsest::cpu {

namespace {

// p_j and 1 - p_y of one row of logits, in double, from the largest logit down.
struct Softmax {
  std::vector<double> p;
  double log_p_label, not_label;

  Softmax(const float* logits, int classes, int label) : p(std::size_t(classes)) {
    const double top = *std::max_element(logits, logits + classes);
    double sum = 0, others = 0;
    for (int j = 0; j < classes; ++j) {
      p[std::size_t(j)] = std::exp(double(logits[j]) - top);
      sum += p[std::size_t(j)];
      if (j != label) others += p[std::size_t(j)];
    }
    for (auto& value : p) value /= sum;
    // If the label has the largest logit, log p = -log(1 + others): also summed, so that it does not vanish before
    // others.
    const double lead = double(logits[label]) - top;
    log_p_label = lead == 0 ? -std::log1p(others) : lead - std::log(sum);
    not_label = others / sum;  // summed, not 1 - p: no cancellation as p goes to 1
  }
};

}  // namespace

LossResult focal_loss(const Context& context, const FocalLoss& loss, const Tensor& logits, const Tensor& labels,
                      const Tensor* gradient) {
  const int n = logits.shape.n, classes = logits.shape.c;
  check(context, logits, {n, classes}, Layout::matrix, "logits");
  check(context, labels, {n, 1}, Layout::matrix, "labels");
  PALIMPSEST_REQUIRE(loss.class_weights.empty() || loss.class_weights.size() == std::size_t(classes),
                     "{} class weights", loss.class_weights.size());
  if (gradient) check(context, *gradient, logits.shape, Layout::matrix, "gradient");
  LossResult result;
  for (int i = 0; i < n; ++i) {
    const float* row = data(context, logits) + std::size_t(i) * std::size_t(classes);
    float* out = gradient ? data(context, *gradient) + std::size_t(i) * std::size_t(classes) : nullptr;
    const float given = data(context, labels)[i];
    if (!(given >= 0 && given < float(classes))) {
      constexpr float nan = std::numeric_limits<float>::quiet_NaN();
      result.loss = double(nan);
      if (out) std::fill_n(out, classes, nan);
      continue;
    }
    const int label = int(given);
    const Softmax s(row, classes, label);
    const double weight = loss.class_weights.empty() ? 1.0 : double(loss.class_weights[std::size_t(label)]);
    const double p = s.p[std::size_t(label)], modulator = std::pow(s.not_label, loss.gamma);
    result.loss -= weight * modulator * s.log_p_label / n;
    result.correct += std::max_element(row, row + classes) - row == label ? 1 : 0;
    if (!out) continue;
    // gamma p (1-p)^(gamma-1) log p: as p goes to 1, log p ~ -(1-p), so for gamma < 1 the product is still finite.
    const double slope =
        loss.gamma == 0 || s.not_label == 0 ? 0.0 : loss.gamma * p * (modulator / s.not_label) * s.log_p_label;
    const double factor = weight * (slope - modulator) / n;
    for (int j = 0; j < classes; ++j)
      out[j] = static_cast<float>(factor * (j == label ? s.not_label : -s.p[std::size_t(j)]));
  }
  return result;
}

}  // namespace palimpsest::cpu
