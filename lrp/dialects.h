#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ops/relevance.h"

namespace palimpsest::lrp {

// Libraries agree on the names of the rules and differ in four details that change a map: the bias, the stabilisation
// of denominators, negative inputs, and the set of rules. A dialect holds one library's choices as data, so that
// published maps can be reproduced. Max-pooling is winner-takes-all, first winner on a tie, and relevance starts as the
// logit, in all of them.
struct Dialect {
  using Bias = std::optional<WeightMap>;  // f(b) in the denominator, where it absorbs relevance; nothing: left out

  std::string name;
  Stabiliser stabiliser;  // of every rule but the two below, and of global average pooling
  Stabiliser lrp_0;
  double epsilon;     // the epsilon rule's default; added with the sign of z
  bool split_inputs;  // x+ and x- get separate weights; else x is not split, which is wrong where x < 0
  bool gate_gamma;    // the gamma rule has a mirrored half for outputs below zero
  Bias z_plus, alpha, beta, gamma, square;
  bool has_alpha_beta, has_gamma, has_flat_and_box;  // z-box, w-square and flat
};

// zennit (PyTorch), innvestigate (TensorFlow), captum (PyTorch). Throws Error listing them for another name.
const Dialect& dialect_named(const std::string& name);
std::vector<std::string> dialect_names();

}  // namespace palimpsest::lrp
