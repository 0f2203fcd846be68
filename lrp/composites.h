#pragma once
#include <string>
#include <vector>

#include "lrp/rules.h"

namespace palimpsest::lrp {

// Which rule serves which layer, by type and position. Max-pool and flatten pass relevance on unchanged;
// global average pooling divides it in proportion to its inputs (Explainer, lrp/explain.h).
struct Composite {
  std::string name;
  RuleChoice first;        // the first convolution, whose inputs are pixels and may be negative
  RuleChoice convolution;  // the others
  RuleChoice linear;
  std::string about;  // one line for --help
};

//   study                      LRP-0 for fully connected layers, z+ for convolutions (arXiv 2104.07389)
//   epsilon-plus, epsilon-plus-flat, epsilon-alpha2-beta1, epsilon-alpha2-beta1-flat, epsilon-gamma-box
//                              zennit's EpsilonPlus and so on, with its defaults: epsilon 1e-6, gamma 0.25
//   z-plus-box                 z-box for the first convolution, z+ elsewhere: bounded deep Taylor decomposition
//   z, epsilon, gamma, z-plus, alpha1-beta0, alpha2-beta1, w-square, flat      one rule for every layer
// Throws Error listing them for another name.
const Composite& composite_named(const std::string& name);
const std::vector<Composite>& composites();

}  // namespace palimpsest::lrp
