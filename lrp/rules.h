#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lrp/dialects.h"
#include "ops/relevance.h"

namespace palimpsest::lrp {

// A propagation rule as data: groups of terms, each group with its own denominator. For every group
//
//   z_j = sum_t sign_t * ( sum_i g_t(x_i) f_t(w_ij) + bias_t(b_j) ),   s_j = R_j / stabilised(z_j)
//   R_i += factor * sum_t sign_t * g_t(x_i) * sum_j f_t(w_ij) s_j
//
// which is ops/relevance.h before the maps are applied. A new rule is a new list here, not a new operation.
enum class Constant : std::uint8_t { one, low, high };  // g(x) = 1, or the input range's lower or upper end

struct RuleTerm {
  InputMap input = InputMap::identity;
  WeightMap weights = WeightMap::identity;
  std::optional<WeightMap> bias = {};
  float sign = 1;
  Constant constant = Constant::one;  // with InputMap::constant
};

struct RuleGroup {
  std::vector<RuleTerm> terms = {};
  double factor = 1;
  Gate gate = Gate::all;
  Stabiliser stabiliser = {};
};

struct Rule {
  std::string name = {};
  double gamma = 0;  // of the gamma maps
  std::vector<RuleGroup> groups = {};
};

// A rule before a dialect fixes its details.
struct RuleChoice {
  enum class Kind : std::uint8_t { lrp_0, epsilon, gamma, z_plus, alpha_beta, z_box, w_square, flat };
  Kind kind = Kind::lrp_0;
  std::optional<double> epsilon = {};  // epsilon rule; default: the dialect's
  double gamma = 0.25;                 // gamma rule
  double alpha = 1, beta = 0;          // alpha-beta rule; alpha - beta = 1 conserves relevance
};

// LRP-0, epsilon, alpha-beta: Bach et al., PLoS ONE 2015, eqs. 56, 58, 60. z+, w-square, z-box: Montavon et al.,
// Pattern Recognition 65, 2017. gamma: Montavon et al., in "Explainable AI", LNCS 11700, 2019. flat: Lapuschkin et al.,
// Nature Communications 10, 2019. Throws Error when the dialect's library has no such rule.
Rule make_rule(const RuleChoice& choice, const Dialect& dialect);

// The group for inputs that are never negative: x- terms vanish and x+ is x. Same result, half the products.
RuleGroup for_non_negative_inputs(const RuleGroup& group);

// z_j of the group is the layer's plain output W x + b, which is already known.
bool is_plain(const RuleGroup& group);

// z_j >= (W x + b)_j in exact arithmetic, so that the layer's output may serve as a floor (docs/relevance.md).
bool bounds_output(const RuleGroup& group, bool non_negative_inputs);

// R_i = 0 wherever x_i = 0. False for rules that spread relevance regardless of the input.
bool vanishes_at_zero(const Rule& rule);

}  // namespace palimpsest::lrp
