#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ops/relevance.h"

namespace palimpsest {

// Libraries agree on the names of the rules and disagree on four things that change a map: what happens to the bias,
// how a denominator is kept from zero, what becomes of negative inputs, and which rules there are. A dialect is one
// library's answers as data, so that a map published with it can be made again. Max-pooling is winner-takes-all, first
// winner on a tie, and relevance starts as the logit, in all of them.
struct Dialect {
  using Bias = std::optional<WeightMap>;  // f(b) in the denominator, where it absorbs relevance; nothing: left out

  std::string name;
  Stabiliser stabiliser;  // of every rule but the two below
  Stabiliser lrp_0;
  double epsilon;     // the epsilon rule's, where a composite does not give one; added with the sign of z
  bool split_inputs;  // x+ and x- get weights of their own; else x is used whole, which is wrong where x < 0
  bool gate_gamma;    // the gamma rule has a mirrored half for outputs below zero
  Bias z_plus, alpha, beta, gamma, square;
  bool has_alpha_beta, has_gamma, has_flat_and_box;  // z-box, w-square and flat
};

// zennit (PyTorch), innvestigate (TensorFlow), captum (PyTorch). Throws Error listing them for another name.
const Dialect& dialect_named(const std::string& name);
std::vector<std::string> dialect_names();

}  // namespace palimpsest
