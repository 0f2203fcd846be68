#include "cpu/map_weights.h"

#include <algorithm>

#include "cpu/layout.h"

namespace palimpsest::cpu {

namespace {

float map_one(float w, WeightMap map, float gamma) {
  switch (map) {
    case WeightMap::identity:
      return w;
    case WeightMap::positive:
      return std::max(w, 0.0F);
    case WeightMap::negative:
      return std::min(w, 0.0F);
    case WeightMap::gamma_positive:
      return w + gamma * std::max(w, 0.0F);
    case WeightMap::gamma_negative:
      return w + gamma * std::min(w, 0.0F);
    case WeightMap::square:
      return w * w;
    case WeightMap::ones:
      return 1.0F;
  }
  throw ContractError("unknown weight map");
}

}  // namespace

void map_weights(const Context& context, const Tensor& from, WeightMap map, double gamma, const Tensor& to) {
  check(context, to, from.shape, from.layout, "to");
  const std::size_t count = context.bytes(from.shape, from.layout) / sizeof(float);
  const float* const in = data(context, from);
  float* const out = data(context, to);
  const auto g = static_cast<float>(gamma);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < count; ++i) out[i] = map_one(in[i], map, g);
  if (map == WeightMap::ones) clear_padding(context, to);
  touch(to);
}

}  // namespace palimpsest::cpu
