// A relevance rule that the library does not have, as data: an input's share goes by the size of its weight.
//   R_i = sum_j x+_i |w_ij| / z_j R_j,   z_j = sum_i x+_i |w_ij|,   x+ = max(x, 0)
#include "cpu/device.h"
#include "examples/compare.h"
#include "lrp/explain.h"
#include "nn/weights.h"

using namespace palimpsest;

constexpr LinearShape kShape{1, 6, 4};  // one row of 6 inputs, to 4 outputs

// |w| = max(w, 0) - min(w, 0): two of the terms of lrp/rules.h.
static const lrp::Rule kBySize{
    .name = "by size",
    .groups = {{.terms = {{.input = InputMap::positive, .weights = WeightMap::positive},
                          {.input = InputMap::positive, .weights = WeightMap::negative, .sign = -1}}}}};

static Values by_hand(const Values& x, const Values& w, const Values& above) {
  const auto part = [&](std::size_t i, std::size_t j) { return std::max(x[i], 0.0F) * std::abs(w[j * x.size() + i]); };
  Values below(x.size());
  for (std::size_t j = 0; j < above.size(); ++j) {
    float z = 0;
    for (std::size_t i = 0; i < x.size(); ++i) z += part(i, j);
    for (std::size_t i = 0; i < x.size(); ++i) below[i] += part(i, j) / z * above[j];
  }
  return below;
}

// The rule on one layer, as the library's explainer applies it to each.
static Values by_library(Device& device, const lrp::Rule& rule, const Values& x, const Values& w, const Values& above) {
  const Tensor d_x = device.make(kShape.input(), Layout::matrix, x);
  const Tensor d_w = device.make(kShape.weights(), Layout::matrix, w);
  const Tensor d_above = device.make(kShape.output(), Layout::matrix, above);
  const Tensor d_below = device.make(kShape.input(), Layout::matrix);
  lrp::MappedWeights weights(device);
  const auto terms = weights.terms(rule.groups[0], rule.gamma, d_w, {});
  const auto plan = device.plan_layer(kShape);
  plan->relevance_denominator({.terms = terms, .x = d_x}, {&d_above, 1}, {&d_above, 1});
  plan->relevance_redistribute({terms, d_x}, d_above, d_below);
  return device.download(d_below);
}

int main() {
  const Values x = random_values(kShape.input(), 1), w = random_values(kShape.weights(), 2);
  const Values above = random_values(kShape.output(), 3);
  const auto device = make_cpu_device(1);
  const bool right = equal("one layer", by_hand(x, w, above), by_library(*device, kBySize, x, w, above));
  // The same rule for every layer of a network. As it takes no bias in, the relevance of the logit arrives whole.
  nn::Network network(*device, nn::Architecture::vgg(16, 0.125, 32, {}, 2));
  nn::initialise(network, 1);
  nn::Trace trace = network.make_trace(1, 0);
  device->fill(trace.input(), 1);
  network.forward(trace);
  lrp::Explainer explainer(network, {.first = kBySize, .convolution = kBySize, .linear = kBySize});
  const lrp::Ledger ledger = explainer.explain(trace, std::vector<lrp::Targets>{{1}}).ledger;
  return equal("the logit and its pixels", {float(ledger.logits())}, {float(ledger.pixels())}) && right ? 0 : 1;
}
