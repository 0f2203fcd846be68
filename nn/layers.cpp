#include "nn/layers.h"

#include <fmt/format.h>

namespace palimpsest::nn {

LayerShape Layer::shape(int n) const {
  if (kind == Kind::linear) return LinearShape{n, in.c, out.c};
  return Conv2dShape{n, in.c, in.h, in.w, out.c};
}

std::vector<Layer> layers_of(const Architecture& a) {
  using Kind = Layer::Kind;
  std::vector<Layer> layers;
  int parameter = 0;
  Shape at{1, 3, a.size, a.size};
  const auto add = [&](Kind kind, const std::string& name, int block, bool relu, const Shape& out) {
    const bool weights = kind == Kind::convolution || kind == Kind::linear;
    layers.push_back({kind, name, block, relu, weights ? parameter : -1, at, out});
    if (weights) parameter += 2;
    at = out;
  };
  int module = 0;  // torchvision numbers convolution, ReLU and max-pool modules consecutively
  for (int block = 0; block < kBlocks; ++block) {
    const int channels = a.channels[std::size_t(block)];
    for (int i = 0; i < a.convolutions()[std::size_t(block)]; ++i, module += 2)
      add(Kind::convolution, fmt::format("features.{}", module), block, true, {1, channels, at.h, at.w});
    add(Kind::max_pool, fmt::format("pool{}", block + 1), block, false, {1, channels, at.h / 2, at.w / 2});
    ++module;
  }
  if (a.average && a.classes > 0)
    add(Kind::average_pool, "gap", kBlocks, false, {1, at.c});
  else
    add(Kind::flatten, "flatten", kBlocks, false, {1, int(at.count())});
  if (a.classes == 0) return layers;
  for (std::size_t i = 0; i < a.hidden.size(); ++i)
    add(Kind::linear, fmt::format("classifier.{}", 3 * i), kBlocks, true, {1, a.hidden[i]});
  add(Kind::linear, fmt::format("classifier.{}", 3 * a.hidden.size()), kBlocks, false, {1, a.classes});
  return layers;
}

std::vector<Layer> layers_with_weights(const Architecture& architecture) {
  auto layers = layers_of(architecture);
  std::erase_if(layers, [](const Layer& layer) { return !layer.has_weights(); });
  return layers;
}

std::vector<std::string> convolution_names(int depth) {
  std::vector<std::string> names;
  for (const Layer& layer : layers_with_weights({.depth = depth}))
    if (layer.block < kBlocks) names.push_back(layer.name);
  return names;
}

}  // namespace palimpsest::nn
