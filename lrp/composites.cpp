#include "lrp/composites.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace palimpsest::lrp {

namespace {

using Kind = RuleChoice::Kind;

const RuleChoice kZ{.kind = Kind::lrp_0};
const RuleChoice kEpsilon{.kind = Kind::epsilon};
const RuleChoice kEpsilon6{.kind = Kind::epsilon, .epsilon = 1e-6};
const RuleChoice kGamma{.kind = Kind::gamma, .gamma = 0.25};
const RuleChoice kZPlus{.kind = Kind::z_plus};
const RuleChoice kAlpha1Beta0{.kind = Kind::alpha_beta, .alpha = 1, .beta = 0};
const RuleChoice kAlpha2Beta1{.kind = Kind::alpha_beta, .alpha = 2, .beta = 1};
const RuleChoice kBox{.kind = Kind::z_box};
const RuleChoice kSquare{.kind = Kind::w_square};
const RuleChoice kFlat{.kind = Kind::flat};

}  // namespace

const std::vector<Composite>& composites() {
  static const std::vector<Composite> all{
      {"study", kZPlus, kZPlus, kZ, "LRP-0 for fully connected layers, z+ for convolutions"},
      {"epsilon-plus", kZPlus, kZPlus, kEpsilon6, "epsilon for fully connected layers, z+ for convolutions"},
      {"epsilon-plus-flat", kFlat, kZPlus, kEpsilon6, "epsilon-plus with flat for the first convolution"},
      {"epsilon-alpha2-beta1", kAlpha2Beta1, kAlpha2Beta1, kEpsilon6, "epsilon, and alpha2-beta1 for convolutions"},
      {"epsilon-alpha2-beta1-flat", kFlat, kAlpha2Beta1, kEpsilon6, "the same with flat for the first convolution"},
      {"epsilon-gamma-box", kBox, kGamma, kEpsilon6, "epsilon, gamma for convolutions, z-box for the first"},
      {"z-plus-box", kBox, kZPlus, kZPlus, "z+, and z-box for the first convolution (bounded deep Taylor)"},
      {"z", kZ, kZ, kZ, "LRP-0 for every layer"},
      {"epsilon", kEpsilon, kEpsilon, kEpsilon, "epsilon for every layer"},
      {"gamma", kGamma, kGamma, kGamma, "gamma for every layer"},
      {"z-plus", kZPlus, kZPlus, kZPlus, "z+ for every layer"},
      {"alpha1-beta0", kAlpha1Beta0, kAlpha1Beta0, kAlpha1Beta0, "alpha-beta with alpha 1, beta 0 for every layer"},
      {"alpha2-beta1", kAlpha2Beta1, kAlpha2Beta1, kAlpha2Beta1, "alpha-beta with alpha 2, beta 1 for every layer"},
      {"w-square", kSquare, kSquare, kSquare, "w-square for every layer: the squared weights, whatever the input"},
      {"flat", kFlat, kFlat, kFlat, "flat for every layer: evenly over all inputs"},
  };
  return all;
}

const Composite& composite_named(const std::string& name) {
  const auto& all = composites();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Composite& c) { return c.name == name; });
  if (at == all.end()) {
    std::vector<std::string> names;
    for (const auto& composite : all) names.push_back(composite.name);
    throw Error(fmt::format("'{}' is not a known set of relevance rules", name),
                fmt::format("use --rules {}", fmt::join(names, ", ")));
  }
  return *at;
}

}  // namespace palimpsest::lrp
