#include "cpu/conv2d_algorithm.h"

#include <cstdint>

namespace palimpsest::cpu {

Conv2dAlgorithm conv2d_algorithm(bool has_avx512, const Conv2dShape& shape, Conv2dPass pass) {
  if (!has_avx512) return Conv2dAlgorithm::direct;
  const auto padded = [](int channels) { return (channels + 15) / 16 * 16; };
  const std::int64_t tiles = std::int64_t{shape.n} * ((shape.h + 3) / 4) * ((shape.w + 3) / 4);
  const bool wide = padded(shape.c) * padded(shape.k) >= 16 * 64;
  // The last bits of a forward pass decide ReLUs and max-pools that are all but tied, and with them gradients (by 1e-4
  // to 4e-4 in relative L1 over a whole VGG16). One image gains no time from Winograd there and two a seventh of a
  // training step; such small batches are run to look at numbers, so they get the more exact algorithm.
  if (pass == Conv2dPass::forward && shape.n < 3) return Conv2dAlgorithm::direct;
  return wide && tiles >= 64 ? Conv2dAlgorithm::winograd : Conv2dAlgorithm::direct;
}

}  // namespace palimpsest::cpu
