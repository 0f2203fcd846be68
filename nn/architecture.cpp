#include "nn/architecture.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace palimpsest::nn {

Architecture Architecture::vgg16(double width, int size, std::vector<int> hidden, int classes) {
  if (!(width > 0 && width <= 4))
    throw Error(fmt::format("a width of {} is not usable", width), "give --width between 0.0625 and 4; 1 is VGG16");
  if (size < 32 || size > 1024)
    throw Error(fmt::format("an image size of {} is not usable", size),
                "give --size between 32 and 1024; 224 is VGG16's");
  Architecture a;
  for (auto& channels : a.channels) channels = std::max(1, int(std::lround(channels * width)));
  a.size = size;
  a.hidden = std::move(hidden);
  a.classes = classes;
  return a;
}

}  // namespace palimpsest::nn
