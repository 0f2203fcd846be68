#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/words.h"

namespace palimpsest::nn {

// Class-balanced weights (Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019, eq. 10):
//   w_y = (1 - beta) / (1 - beta^n_y)
// `rescaled`: multiplied so that they sum to the number of classes, as that paper's code does. `plain`: as written.
enum class ClassWeights : std::uint8_t { none, rescaled, plain };
constexpr auto words(ClassWeights) {
  return std::to_array<Word<ClassWeights>>(
      {{"none", ClassWeights::none}, {"rescaled", ClassWeights::rescaled}, {"plain", ClassWeights::plain}});
}

// counts: images of each class. Throws Error when a class is empty or beta is outside [0, 1).
std::vector<float> class_balanced_weights(std::span<const std::int64_t> counts, double beta, ClassWeights kind);

}  // namespace palimpsest::nn
