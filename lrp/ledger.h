#pragma once
#include <string>
#include <vector>

namespace palimpsest::lrp {

// What one layer did to the relevance of the first target, summed over the images of a batch (or of several). For
// every layer   relevance_in = relevance_out + to_bias + to_stabiliser + to_zero + rounding().
struct LedgerEntry {
  std::string layer, rule;
  double relevance_in = 0;   // at the layer's output: what comes down from above
  double relevance_out = 0;  // at its input: what it passes on
  double to_bias = 0;        // absorbed by the bias in the denominator
  double to_stabiliser = 0;  // by the stabiliser
  double to_zero = 0;        // where the denominator is zero, or no part of the rule covers the output
  double near_zero = 0;      // number of outputs with relevance and a denominator below 1e-6

  double rounding() const { return relevance_in - relevance_out - to_bias - to_stabiliser - to_zero; }
};

// From the logits down to the pixels.
struct Ledger {
  std::vector<LedgerEntry> layers;

  double logits() const { return layers.empty() ? 0 : layers.front().relevance_in; }
  double pixels() const { return layers.empty() ? 0 : layers.back().relevance_out; }
  void add(const Ledger& batch);  // requires: the same layers, or none yet
};

}  // namespace palimpsest::lrp
