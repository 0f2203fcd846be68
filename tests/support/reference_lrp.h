#pragma once
#include <vector>

#include "lrp/rules.h"
#include "ops/layer.h"

// Every relevance rule from its own formula in plain double loops over single connections x_i w_ij, without the terms
// and groups of lrp/rules.h, which must give the same.
namespace palimpsest::reference {

using Values = std::vector<double>;

struct Connection {
  std::size_t output, input;
  double weight;
};

// A layer as the list of its connections; a convolution's taps in the padding are not connections.
struct Connected {
  std::size_t inputs, outputs;
  std::vector<Connection> connections;
  Values bias;  // one for each output
};
Connected connected(const LayerShape& shape, const Values& w, const Values& b);

// R at the inputs from R at the outputs. low, high: one for each input (z-box).
Values relevance(const lrp::RuleChoice& rule, const std::string& dialect, const Connected& layer, const Values& x,
                 const Values& r, const Values& low, const Values& high);

}  // namespace palimpsest::reference
