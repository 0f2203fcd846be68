#include "cpu/conv2d_algorithm.h"

#include <cstdint>

#include "base/error.h"

namespace palimpsest::cpu {

Conv2dAlgorithm conv2d_rule(bool has_avx512, const LayerShape& shape, LayerPass pass) {
  if (!has_avx512 || (pass == LayerPass::forward && shape.n <= 2)) return Conv2dAlgorithm::direct;
  const auto padded = [](int channels) { return (channels + 15) / 16 * 16; };
  const std::int64_t tiles = std::int64_t{shape.n} * ((shape.h + 3) / 4) * ((shape.w + 3) / 4);
  const bool wide = padded(shape.c) * padded(shape.k) >= 16 * 64;
  return wide && tiles >= 64 ? Conv2dAlgorithm::winograd : Conv2dAlgorithm::direct;
}

Conv2dAlgorithm conv2d_algorithm(const AlgorithmTable& table, bool has_avx512, const LayerShape& shape,
                                 LayerPass pass) {
  const auto name = table.find(pass, shape);
  if (!name) return conv2d_rule(has_avx512, shape, pass);
  if (*name == "direct") return Conv2dAlgorithm::direct;
  if (*name != "winograd")
    throw Error(fmt::format("--convolution {}: '{}' is not a known algorithm of the CPU", table.description(), *name),
                "use auto, direct, winograd, or a file that `palimpsest bench --tune FILE.json` wrote here");
  if (!has_avx512)
    throw Error(
        fmt::format("--convolution {}: winograd needs AVX-512, which this processor lacks", table.description()),
        "use auto or direct");
  return Conv2dAlgorithm::winograd;
}

}  // namespace palimpsest::cpu
