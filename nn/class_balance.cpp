#include "nn/class_balance.h"

#include <cmath>

#include "base/error.h"

namespace palimpsest::nn {

std::vector<float> class_balanced_weights(std::span<const std::int64_t> counts, double beta, ClassWeights kind) {
  if (kind == ClassWeights::none) return {};
  if (!(beta >= 0 && beta < 1))
    throw Error(fmt::format("a beta of {} is not usable", beta), "give --beta from 0 to below 1");
  std::vector<double> weights;
  double sum = 0;
  for (const auto n : counts) {
    if (n < 1)
      throw Error(fmt::format("class {} has no images, so it has no class-balanced weight", weights.size()),
                  "leave the class out with --drop-classes, or add images of it");
    // 1 - beta^n without cancellation: -expm1(n log beta)
    weights.push_back(beta == 0 ? 1.0 : (1 - beta) / -std::expm1(double(n) * std::log(beta)));
    sum += weights.back();
  }
  const double scale = kind == ClassWeights::rescaled ? double(counts.size()) / sum : 1.0;
  std::vector<float> result;
  for (const double w : weights) result.push_back(float(w * scale));
  return result;
}

}  // namespace palimpsest::nn
