#pragma once
#include "ops/relevance.h"

namespace palimpsest {

// A denominator kept away from zero. 0 remains where z is 0 and the stabiliser's epsilon too.
inline float stabilised(float z, const Stabiliser& stabiliser) {
  const auto epsilon = float(stabiliser.epsilon);
  switch (stabiliser.kind) {
    case Stabiliser::Kind::add_sign:
      return z + (z >= 0 ? epsilon : -epsilon);
    case Stabiliser::Kind::zero_only:
      return z == 0 ? epsilon : z;
    case Stabiliser::Kind::add:
      return z + epsilon;
  }
  return z;
}

}  // namespace palimpsest
