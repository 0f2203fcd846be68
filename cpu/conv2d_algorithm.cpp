#include "cpu/conv2d_algorithm.h"

#include <cstdint>

namespace palimpsest::cpu {

Conv2dAlgorithm conv2d_algorithm(bool has_avx512, const Conv2dShape& shape, Conv2dPass) {
  if (!has_avx512) return Conv2dAlgorithm::direct;
  const auto padded = [](int channels) { return (channels + 15) / 16 * 16; };
  const std::int64_t tiles = std::int64_t{shape.n} * ((shape.h + 3) / 4) * ((shape.w + 3) / 4);
  const bool wide = padded(shape.c) * padded(shape.k) >= 16 * 64;
  return wide && tiles >= 64 ? Conv2dAlgorithm::winograd : Conv2dAlgorithm::direct;
}

}  // namespace palimpsest::cpu
