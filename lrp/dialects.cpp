#include "lrp/dialects.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace palimpsest::lrp {

namespace {

using Kind = Stabiliser::Kind;

const std::array<Dialect, 3>& dialects() {
  static const std::array<Dialect, 3> all{{
      // The bias belongs to the half of the contributions that has its sign.
      {.name = "zennit",
       .stabiliser = {Kind::add_sign, 1e-6},
       .lrp_0 = {Kind::add_sign, 0},
       .epsilon = 1e-6,
       .split_inputs = true,
       .gate_gamma = true,
       .z_plus = WeightMap::positive,
       .alpha = WeightMap::positive,
       .beta = WeightMap::negative,
       .gamma = WeightMap::gamma_positive,
       .square = WeightMap::square,
       .has_alpha_beta = true,
       .has_gamma = true,
       .has_flat_and_box = true},
      // z+ ignores the bias; in alpha-beta both denominators contain all of it, because the two summed halves
      // contribute
      // b+ and b-. Only an exact zero is replaced: a denominator of 1e-30 is used.
      {.name = "innvestigate",
       .stabiliser = {Kind::zero_only, 1e-7},
       .lrp_0 = {Kind::zero_only, 1e-7},
       .epsilon = 1e-7,
       .split_inputs = true,
       .gate_gamma = false,
       .z_plus = {},
       .alpha = WeightMap::identity,
       .beta = WeightMap::identity,
       .gamma = {},
       .square = {},
       .has_alpha_beta = true,
       .has_gamma = false,
       .has_flat_and_box = true},
      // Its Alpha1_Beta0 clamps only the weights, neither inputs nor bias; it represents z+.
      {.name = "captum",
       .stabiliser = {Kind::add_sign, 1e-9},
       .lrp_0 = {Kind::add_sign, 1e-9},
       .epsilon = 1e-9,
       .split_inputs = false,
       .gate_gamma = false,
       .z_plus = WeightMap::identity,
       .alpha = WeightMap::identity,
       .beta = {},
       .gamma = WeightMap::identity,
       .square = {},
       .has_alpha_beta = false,
       .has_gamma = true,
       .has_flat_and_box = false},
  }};
  return all;
}

}  // namespace

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const auto& dialect : dialects()) names.push_back(dialect.name);
  return names;
}

const Dialect& dialect_named(const std::string& name) {
  const auto& all = dialects();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Dialect& d) { return d.name == name; });
  if (at == all.end())
    throw Error(fmt::format("'{}' is not a known relevance dialect", name),
                fmt::format("use --dialect {}", fmt::join(dialect_names(), ", ")));
  return *at;
}

}  // namespace palimpsest::lrp
