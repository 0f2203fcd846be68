#include "tests/nn/reference_network.h"

namespace palimpsest::nn {

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
  Values at = images;
  for (const Layer& layer : layers_of(architecture_)) {
    Step& step = steps.emplace_back(layer, at);
    if (layer.has_weights()) {
      at = reference::layer_forward(layer.shape(n), at, weights_.at(layer.name + ".weight"),
                                    weights_.at(layer.name + ".bias"), layer.relu)
               .value;
    } else if (layer.kind == Layer::Kind::max_pool) {
      auto pooled = reference::max_pool({n, layer.in.c, layer.in.h, layer.in.w}, at);
      at = std::move(pooled.value);
      step.winner = std::move(pooled.winner);
    } else if (layer.kind == Layer::Kind::average_pool) {
      at = reference::average_pool({n, layer.in.c, layer.in.h, layer.in.w}, at).value;
    }
    step.output = at;
  }
  return steps;
}

ReferenceNetwork::Outputs ReferenceNetwork::forward(const Values& images, int n) const {
  Outputs outputs;
  for (auto& step : steps(images, n)) {
    if (step.layer.name == "pool5") outputs.features = step.output;
    outputs.logits = std::move(step.output);
  }
  return outputs;
}

double ReferenceNetwork::loss(const Values& images, std::span<const int> labels, const FocalLoss& loss) const {
  return reference::focal_loss(loss, architecture_.classes, forward(images, int(labels.size())).logits, labels).loss;
}

std::map<std::string, Values> ReferenceNetwork::gradients(const Values& images, std::span<const int> labels,
                                                          const FocalLoss& loss) const {
  const int n = int(labels.size());
  const auto all = steps(images, n);
  std::map<std::string, Values> result;
  Values gradient = reference::focal_loss(loss, architecture_.classes, all.back().output, labels).gradient;
  for (auto step = all.rbegin(); step != all.rend(); ++step) {
    const Layer& layer = step->layer;
    if (layer.relu) gradient = reference::relu_backward(step->output, gradient);
    if (layer.has_weights()) {
      const LayerShape shape = layer.shape(n);
      result[layer.name + ".weight"] = reference::layer_backward_weights(shape, step->input, gradient).value;
      result[layer.name + ".bias"] = reference::layer_backward_bias(shape, gradient).value;
      gradient = reference::layer_backward_data(shape, gradient, weights_.at(layer.name + ".weight")).value;
    } else if (layer.kind == Layer::Kind::max_pool) {
      gradient = reference::max_pool_backward({n, layer.in.c, layer.in.h, layer.in.w}, gradient, step->winner, {});
    } else if (layer.kind == Layer::Kind::average_pool) {
      gradient = reference::average_pool_backward({n, layer.in.c, layer.in.h, layer.in.w}, gradient, {}).value;
    }
  }
  return result;
}

}  // namespace palimpsest::nn
