#include "lrp/rules.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace palimpsest::lrp {

namespace {

using In = InputMap;
using W = WeightMap;
using Bias = Dialect::Bias;

// The contributions x w of one sign: x+ w+ and x- w- are positive, x+ w- and x- w+ negative. The bias joins once.
std::vector<RuleTerm> contributions(const Dialect& dialect, W with_positive, W with_negative, Bias bias) {
  if (!dialect.split_inputs) return {{.input = In::identity, .weights = with_positive, .bias = bias}};
  return {{.input = In::positive, .weights = with_positive, .bias = bias},
          {.input = In::negative, .weights = with_negative}};
}

Rule lrp_0(const Dialect& dialect) {
  return {"LRP-0", 0, {{.terms = {{.bias = W::identity}}, .stabiliser = dialect.lrp_0}}};
}

Rule epsilon(double value) {
  return {fmt::format("epsilon {:g}", value),
          0,
          {{.terms = {{.bias = W::identity}}, .stabiliser = {Stabiliser::Kind::add_sign, value}}}};
}

Rule z_plus(const Dialect& dialect) {
  return {
      "z+",
      0,
      {{.terms = contributions(dialect, W::positive, W::negative, dialect.z_plus), .stabiliser = dialect.stabiliser}}};
}

Rule alpha_beta(double alpha, double beta, const Dialect& dialect) {
  if (alpha < 0 || beta < 0 || std::abs(alpha - beta - 1) > 1e-9)
    throw Error(fmt::format("alpha {:g} and beta {:g} do not conserve relevance", alpha, beta),
                "choose both >= 0 with alpha - beta = 1");
  Rule rule{fmt::format("alpha{:g}-beta{:g}", alpha, beta), 0, {}};
  rule.groups.push_back({.terms = contributions(dialect, W::positive, W::negative, dialect.alpha),
                         .factor = alpha,
                         .stabiliser = dialect.stabiliser});
  if (beta != 0)
    rule.groups.push_back({.terms = contributions(dialect, W::negative, W::positive, dialect.beta),
                           .factor = -beta,
                           .stabiliser = dialect.stabiliser});
  return rule;
}

Rule gamma(double value, const Dialect& dialect) {
  Rule rule{fmt::format("gamma {:g}", value), value, {}};
  rule.groups.push_back({.terms = contributions(dialect, W::gamma_positive, W::gamma_negative, dialect.gamma),
                         .gate = dialect.gate_gamma ? Gate::positive : Gate::all,
                         .stabiliser = dialect.stabiliser});
  if (dialect.gate_gamma)
    rule.groups.push_back({.terms = contributions(dialect, W::gamma_negative, W::gamma_positive, W::gamma_negative),
                           .gate = Gate::negative,
                           .stabiliser = dialect.stabiliser});
  return rule;
}

// sum_i x_i w_ij - low_i w+_ij - high_i w-_ij. The bias cancels: b - b+ - b- = 0.
Rule z_box(const Dialect& dialect) {
  return {"z-box",
          0,
          {{.terms = {{.input = In::identity, .weights = W::identity},
                      {.input = In::constant, .weights = W::positive, .sign = -1, .constant = Constant::low},
                      {.input = In::constant, .weights = W::negative, .sign = -1, .constant = Constant::high}},
            .stabiliser = dialect.stabiliser}}};
}

Rule spread(const char* name, W weights, Bias bias, const Dialect& dialect) {
  return {name,
          0,
          {{.terms = {{.input = In::constant, .weights = weights, .bias = bias}}, .stabiliser = dialect.stabiliser}}};
}

void require(bool has, const char* rule, const Dialect& dialect) {
  if (!has)
    throw Error(fmt::format("{} has no {} rule to reproduce", dialect.name, rule),
                "use --dialect zennit, or other --rules");
}

}  // namespace

Rule make_rule(const RuleChoice& choice, const Dialect& dialect) {
  switch (choice.kind) {
    case RuleChoice::Kind::lrp_0:
      return lrp_0(dialect);
    case RuleChoice::Kind::epsilon:
      return epsilon(choice.epsilon.value_or(dialect.epsilon));
    case RuleChoice::Kind::z_plus:
      return z_plus(dialect);
    case RuleChoice::Kind::alpha_beta:
      require(dialect.has_alpha_beta || choice.beta == 0, "alpha-beta", dialect);
      return alpha_beta(choice.alpha, choice.beta, dialect);
    case RuleChoice::Kind::gamma:
      require(dialect.has_gamma, "gamma", dialect);
      return gamma(choice.gamma, dialect);
    case RuleChoice::Kind::z_box:
      require(dialect.has_flat_and_box, "z-box", dialect);
      return z_box(dialect);
    case RuleChoice::Kind::w_square:
      require(dialect.has_flat_and_box, "w-square", dialect);
      return spread("w-square", W::square, dialect.square, dialect);
    case RuleChoice::Kind::flat:
      require(dialect.has_flat_and_box, "flat", dialect);
      return spread("flat", W::ones, {}, dialect);
  }
  throw ContractError("unknown rule");
}

RuleGroup for_non_negative_inputs(const RuleGroup& group) {
  RuleGroup simple = group;
  std::erase_if(simple.terms, [](const RuleTerm& t) { return t.input == In::negative && !t.bias; });
  for (auto& term : simple.terms)
    if (term.input == In::positive) term.input = In::identity;
  return simple;
}

bool is_plain(const RuleGroup& group) {
  if (group.terms.size() != 1) return false;
  const RuleTerm& t = group.terms.front();
  return t.input == In::identity && t.weights == W::identity && t.bias == W::identity && t.sign == 1;
}

bool bounds_output(const RuleGroup& group, bool non_negative_inputs) {
  const auto raises = [](W map) { return map == W::identity || map == W::positive || map == W::gamma_positive; };
  const auto lowers = [](W map) {
    return map == W::negative || map == W::gamma_negative;
  };  // x- w grows as w decreases
  bool positive = false, negative = non_negative_inputs, bias = false;
  for (const auto& t : group.terms) {
    if (t.sign != 1 || t.input == In::constant) return false;
    if (t.bias) {
      if (bias || !raises(*t.bias)) return false;
      bias = true;
    }
    if (t.input == In::negative) {
      if (!lowers(t.weights)) return false;
      negative = true;
    } else {
      if (!raises(t.weights)) return false;
      positive = true;
      if (t.input == In::identity && t.weights == W::identity) negative = true;
    }
  }
  return positive && negative && bias;
}

bool vanishes_at_zero(const Rule& rule) {
  return std::all_of(rule.groups.begin(), rule.groups.end(), [](const RuleGroup& group) {
    return std::none_of(group.terms.begin(), group.terms.end(),
                        [](const RuleTerm& t) { return t.input == In::constant; });
  });
}

}  // namespace palimpsest::lrp
