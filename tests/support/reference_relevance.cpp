#include "tests/support/reference_relevance.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::reference {

namespace {

double mapped(const Term& term, const Values& x, std::size_t i) {
  switch (term.input) {
    case InputMap::identity:
      return x[i];
    case InputMap::positive:
      return std::max(x[i], 0.0);
    case InputMap::negative:
      return std::min(x[i], 0.0);
    case InputMap::constant:
      return term.constant[i];
  }
  return 0;
}

// z with the sum of |products| behind it, before floor and stabiliser.
Result sum_of_terms(const Connected& layer, const Denominator& what) {
  Result z{Values(layer.outputs, 0.0), Values(layer.outputs, 0.0),
           double(layer.connections.size()) / double(layer.outputs) * double(what.terms.size()) + 1};
  const auto add = [&](std::size_t j, double product) {
    z.value[j] += product;
    z.absolute[j] += std::abs(product);
  };
  for (const auto& term : what.terms) {
    for (std::size_t c = 0; c < layer.connections.size(); ++c)
      add(layer.connections[c].output, term.sign * mapped(term, what.x, layer.connections[c].input) * term.weights[c]);
    for (std::size_t j = 0; j < term.bias.size(); ++j) add(j, term.sign * term.bias[j]);
  }
  return z;
}

double stabilised(double z, const Stabiliser& s) {
  switch (s.kind) {
    case Stabiliser::Kind::add_sign:
      return z + (z >= 0 ? s.epsilon : -s.epsilon);
    case Stabiliser::Kind::zero_only:
      return z == 0 ? s.epsilon : z;
    case Stabiliser::Kind::add:
      return z + s.epsilon;
  }
  return z;
}

bool open(const Denominator& what, std::size_t j) {
  return what.gate == Gate::all || (what.gate == Gate::positive ? what.gate_by[j] > 0 : what.gate_by[j] < 0);
}

}  // namespace

Quotients relevance_denominator(const Connected& layer, const Denominator& what, const Values& relevance, bool exact) {
  Result z = sum_of_terms(layer, what);
  if (!what.known.empty()) z.value = what.known;
  if (exact || !what.known.empty()) z.absolute.assign(layer.outputs, 0.0);
  Quotients out{{Values(layer.outputs, 0.0), Values(layer.outputs, 0.0), z.length},
                {Values(5, 0.0), Values(5, 0.0), z.length}};
  out.quotients.condition.assign(layer.outputs, 0.0);
  out.sums.condition.assign(5, 0.0);
  for (std::size_t j = 0; j < layer.outputs; ++j) {
    const double r = relevance[j];
    if (r == 0 || !open(what, j)) continue;
    const double raised = what.floor.empty() ? z.value[j] : std::max(z.value[j], what.floor[j]);
    const double safe = stabilised(raised, what.stabiliser);
    const auto count = [&](std::size_t at, double value, double absolute) {
      out.sums.value[at] += value;
      out.sums.absolute[at] += absolute;
    };
    count(0, r, std::abs(r) * 0x1p-20);  // kept in double
    if (std::abs(raised) < 1e-6) count(4, 1, 0);
    if (safe == 0) {
      count(3, r, std::abs(r) * 0x1p-20);
      continue;
    }
    const double s = r / safe;
    // s (1 +- u) R / (safe +- error of z): to first order the error of z is magnified by 1 / safe.
    const double condition = z.absolute[j] / std::abs(safe), bound = std::abs(s) * (1 + condition);
    out.quotients.value[j] = s;
    out.quotients.condition[j] = condition;
    for (const std::size_t at : {std::size_t{1}, std::size_t{2}})
      out.sums.condition[at] = std::max(out.sums.condition[at], condition);
    out.quotients.absolute[j] = bound;
    double bias = 0, size = 0;
    for (const auto& term : what.terms)
      if (!term.bias.empty()) bias += term.sign * term.bias[j], size += std::abs(term.bias[j]);
    count(1, s * bias, bound * size);
    count(2, s * (safe - raised), bound * (std::abs(safe - raised) + std::abs(safe)));
  }
  return out;
}

Result relevance_redistribute(const Connected& layer, const std::vector<Term>& terms, const Values& x, double factor,
                              const Values& quotients, const Values& accumulate_on) {
  Result r{Values(layer.inputs, 0.0), Values(layer.inputs, 0.0),
           double(layer.connections.size()) / double(layer.inputs) * double(terms.size()) + 1};
  for (std::size_t i = 0; i < accumulate_on.size(); ++i) {
    r.value[i] = accumulate_on[i];
    r.absolute[i] = std::abs(accumulate_on[i]);
  }
  for (const auto& term : terms)
    for (std::size_t c = 0; c < layer.connections.size(); ++c) {
      const auto& [output, input, unused] = layer.connections[c];
      const double share = factor * term.sign * mapped(term, x, input) * term.weights[c] * quotients[output];
      r.value[input] += share;
      r.absolute[input] += std::abs(share);
    }
  return r;
}

}  // namespace palimpsest::reference
