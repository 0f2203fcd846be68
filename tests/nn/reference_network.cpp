#include "tests/nn/reference_network.h"

namespace palimpsest {

using reference::Values;

ReferenceNetwork ReferenceNetwork::like(Network& network) {
  std::map<std::string, Values> weights;
  for (const auto& p : network.parameters()) {
    const auto values = network.device().download(p.value);
    weights[p.name] = {values.begin(), values.end()};
  }
  return {network.architecture(), std::move(weights)};
}

std::vector<ReferenceNetwork::Step> ReferenceNetwork::steps(const Values& images, int n) const {
  std::vector<Step> steps;
  const auto names = layer_names(architecture_);
  int side = architecture_.size, in = 3;
  Values at = images;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Step step;
    step.layer = names[i];
    step.input = at;
    const auto& w = weights_.at(names[i].name + ".weight");
    const auto& b = weights_.at(names[i].name + ".bias");
    const int out = int(b.size());
    step.relu = i + 1 < names.size();
    if (names[i].block < kBlocks) {
      step.convolution = {n, in, side, side, out};
      at = reference::conv2d_forward(step.convolution, at, w, b, true).value;
    } else {
      step.linear = true;
      step.matrix = {n, int(at.size()) / n, out};
      at = reference::linear_forward(step.matrix, at, w, b, step.relu).value;
    }
    step.output = at;
    steps.push_back(step);
    if (names[i].block < kBlocks && names[i + 1].block != names[i].block) {
      Step pool;
      pool.layer = names[i];
      pool.pool = true;
      pool.pool_input = {n, out, side, side};
      auto pooled = reference::max_pool(pool.pool_input, at);
      at = pool.output = pooled.value;
      pool.winner = pooled.winner;
      steps.push_back(pool);
      side /= 2;
    }
    in = out;
  }
  return steps;
}

ReferenceNetwork::Outputs ReferenceNetwork::forward(const Values& images, int n) const {
  Outputs outputs;
  for (auto& step : steps(images, n)) {
    if (step.pool) outputs.features = step.output;
    outputs.logits = std::move(step.output);
  }
  return outputs;
}

double ReferenceNetwork::loss(const Values& images, std::span<const int> labels, const FocalLoss& loss) const {
  return reference::focal_loss(loss, architecture_.classes, forward(images, int(labels.size())).logits, labels).loss;
}

std::map<std::string, Values> ReferenceNetwork::gradients(const Values& images, std::span<const int> labels,
                                                          const FocalLoss& loss) const {
  const auto all = steps(images, int(labels.size()));
  std::map<std::string, Values> result;
  Values gradient = reference::focal_loss(loss, architecture_.classes, all.back().output, labels).gradient;
  for (auto step = all.rbegin(); step != all.rend(); ++step) {
    if (step->pool) {
      gradient = reference::max_pool_backward(step->pool_input, gradient, step->winner, {});
      continue;
    }
    const auto& w = weights_.at(step->layer.name + ".weight");
    auto& dw = result[step->layer.name + ".weight"];
    auto& db = result[step->layer.name + ".bias"];
    if (step->relu) gradient = reference::relu_backward(step->output, gradient);
    if (step->linear) {
      dw = reference::linear_backward_weights(step->matrix, step->input, gradient).value;
      db = reference::linear_backward_bias(step->matrix, gradient).value;
      gradient = reference::linear_backward_data(step->matrix, gradient, w).value;
    } else {
      dw = reference::conv2d_backward_weights(step->convolution, step->input, gradient).value;
      db = reference::conv2d_backward_bias(step->convolution, gradient).value;
      gradient = reference::conv2d_backward_data(step->convolution, gradient, w).value;
    }
  }
  return result;
}

}  // namespace palimpsest
