#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "nn/network.h"
#include "tests/support/reference_ops.h"

namespace palimpsest::nn {

// VGG16 in plain double loops: forward, loss and all gradients, from weights given by torchvision's names.
class ReferenceNetwork {
 public:
  using Values = reference::Values;
  ReferenceNetwork(const Architecture& architecture, std::map<std::string, Values> weights)
      : architecture_(architecture), weights_(std::move(weights)) {}
  static ReferenceNetwork like(Network& network);  // with that network's weights

  std::map<std::string, Values>& weights() { return weights_; }

  struct Outputs {
    Values features, logits;
  };
  Outputs forward(const Values& images, int n) const;
  double loss(const Values& images, std::span<const int> labels, const FocalLoss& loss) const;
  std::map<std::string, Values> gradients(const Values& images, std::span<const int> labels,
                                          const FocalLoss& loss) const;

 private:
  struct Step {  // a layer with what its backward pass needs
    Layer layer;
    Values input, output = {};
    std::vector<int> winner = {};
  };
  std::vector<Step> steps(const Values& images, int n) const;

  Architecture architecture_;
  std::map<std::string, Values> weights_;
};

}  // namespace palimpsest::nn
