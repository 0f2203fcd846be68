#pragma once
#include "ops/relevance.h"
#include "tests/support/reference_lrp.h"
#include "tests/support/reference_ops.h"

// The two halves of every relevance rule (ops/relevance.h) as plain double loops over single connections.
namespace palimpsest::reference {

struct Term {
  InputMap input = InputMap::identity;
  Values constant;  // one for each input (InputMap::constant)
  Values weights;   // in the order of Connected::connections
  Values bias;      // one for each output; empty: none
  double sign = 1;
};

struct Denominator {
  std::vector<Term> terms;
  Values x, floor, known, gate_by;  // floor, known, gate_by may be empty
  Gate gate = Gate::all;
  Stabiliser stabiliser;
};

struct Quotients {
  Result quotients;
  Result sums;  // the five of RelevanceSums in their order
};

// `exact`: z is free of rounding (small integers), so that only the division rounds.
Quotients relevance_denominator(const Connected& layer, const Denominator& what, const Values& relevance, bool exact);

Result relevance_redistribute(const Connected& layer, const std::vector<Term>& terms, const Values& x, double factor,
                              const Values& quotients, const Values& accumulate_on);

}  // namespace palimpsest::reference
