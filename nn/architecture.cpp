#include "nn/architecture.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace palimpsest::nn {

std::array<int, kBlocks> Architecture::convolutions() const {
  switch (depth) {
    case 11:
      return {1, 1, 2, 2, 2};
    case 13:
      return {2, 2, 2, 2, 2};
    case 19:
      return {2, 2, 4, 4, 4};
    default:
      return {2, 2, 3, 3, 3};
  }
}

int depth_like(const std::array<int, kBlocks>& convolutions) {
  const auto distance = [&](int depth) {
    const auto its = Architecture{.depth = depth}.convolutions();
    return std::inner_product(its.begin(), its.end(), convolutions.begin(), 0, std::plus<>(),
                              [](int a, int b) { return std::abs(a - b); });
  };
  return std::ranges::min(std::array{16, 11, 13, 19}, {}, distance);
}

int depth_with(int convolutions) {
  const bool known = std::ranges::count(kDepths, convolutions + 3) > 0;  // VGG's own head has three layers
  return known ? convolutions + 3 : 0;
}

Architecture Architecture::vgg(int depth, double width, int size, std::vector<int> hidden, int classes) {
  if (std::ranges::count(kDepths, depth) == 0)
    throw Error(fmt::format("there is no VGG{}", depth), "give --vgg 11, 13, 16 or 19");
  if (!(width > 0 && width <= 4))
    throw Error(fmt::format("a width of {} is not usable", width), "give --width between 0.0625 and 4; 1 is VGG's own");
  if (size < 32 || size > 1024)
    throw Error(fmt::format("an image size of {} is not usable", size),
                "give --size between 32 and 1024; 224 is VGG's own");
  Architecture a;
  a.depth = depth;
  for (auto& channels : a.channels) channels = std::max(1, int(std::lround(channels * width)));
  a.size = size;
  a.hidden = std::move(hidden);
  a.classes = classes;
  return a;
}

}  // namespace palimpsest::nn
