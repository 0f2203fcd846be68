#pragma once
#include <cstdint>
#include <vector>

#include "ops/scalars.h"
#include "ops/tensor.h"

namespace palimpsest {

// Layer-wise relevance propagation (Bach et al., "On pixel-wise explanations...", PLoS ONE 2015) as data. One group of
// terms t, with input maps g_t, weights W_t (already mapped), biases b_t and signs:
//
//   z_j = sum_t sign_t * ( sum_i g_t(x_i) W_t[i,j] + b_t[j] ),   raised to floor_j where a floor is given
//   s_j = R_j / stabilised(z_j)                                     relevance_denominator
//   R_i = factor * sum_t sign_t * g_t(x_i) * sum_j W_t[i,j] s_j     relevance_redistribute
//
// LRP-0 and epsilon: one term (x, w, b). z+: (x+, w+, b+) and (x-, w-, none). z-box: (x, w), -(low, w+), -(high, w-).
enum class InputMap : std::uint8_t { identity, positive, negative, constant };
enum class WeightMap : std::uint8_t {
  identity,
  positive,        // max(w, 0)
  negative,        // min(w, 0)
  gamma_positive,  // w + gamma * max(w, 0)
  gamma_negative,  // w + gamma * min(w, 0)
  square,
  ones,
};

struct RelevanceTerm {
  InputMap input = InputMap::identity;
  Tensor constant = {};  // with InputMap::constant: one value for each input channel, the same at every pixel
  Tensor weights = {};   // W_t
  Tensor bias = {};      // b_t; empty: none
  float sign = 1;
};

// How a denominator is kept away from zero.
struct Stabiliser {
  enum class Kind : std::uint8_t {
    add_sign,   // z + sgn(z) * epsilon with sgn(0) = +1 (zennit, captum)
    zero_only,  // epsilon where z is exactly 0, else z (innvestigate)
    add,        // z + epsilon whatever the sign
  };
  Kind kind = Kind::add_sign;
  double epsilon = 0;  // with epsilon = 0, s_j = 0 where z_j = 0; the relevance lost is counted
};

// Which outputs a group serves, by the sign of the reference z (the layer's plain output before ReLU).
enum class Gate : std::uint8_t { all, positive, negative };

struct RelevanceDenominator {
  std::vector<RelevanceTerm> terms = {};
  Tensor x = {};  // the layer's input
  // z is raised to it; empty: no floor. If b+ is kept, z+ >= z, so the layer's output after ReLU is one.
  Tensor floor = {};
  // z itself if already known (LRP-0 and epsilon: the layer's output); terms are then not run.
  Tensor known = {};
  Tensor gate_by = {};
  Gate gate = Gate::all;
  Stabiliser stabiliser = {};
  Scalars sums = {};  // RelevanceSums of the first target
};

struct RelevanceRedistribution {
  std::vector<RelevanceTerm> terms;
  Tensor x;
  float factor = 1;
  bool accumulate = false;  // add to what `relevance` holds instead of overwriting it
  // Two: the sum of what `relevance` then holds, in double in a fixed order; and the smallest x, NaN if any is, where
  // padding counts as 0.
  Scalars sums = {};
};

// What a denominator pass took out of the relevance of its first target, in double: sum over j.
struct RelevanceSums {
  static constexpr int kCount = 5;  // as Scalars, in this order
  double incoming = 0;              // sum R_j
  double to_bias = 0;        // sum s_j * sum_t sign_t b_t[j]   (with a floor or a known z: s_j * bias of the terms)
  double to_stabiliser = 0;  // sum s_j * (stabilised(z_j) - z_j)
  double to_zero = 0;        // sum R_j where the denominator was 0
  double near_zero = 0;      // number of j with R_j != 0 and |z_j| < 1e-6

  static RelevanceSums of(const double* scalars) {
    return {scalars[0], scalars[1], scalars[2], scalars[3], scalars[4]};
  }
};

}  // namespace palimpsest
