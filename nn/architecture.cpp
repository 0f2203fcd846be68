#include "nn/architecture.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace palimpsest {

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

std::vector<LayerName> layer_names(const Architecture& architecture) {
  std::vector<LayerName> names;
  int index = 0;  // torchvision counts convolution, ReLU and max-pool modules alike
  for (int block = 0; block < kBlocks; ++block) {
    for (int i = 0; i < kConvolutionsPerBlock[std::size_t(block)]; ++i, index += 2)
      names.push_back({fmt::format("features.{}", index), block});
    ++index;
  }
  for (std::size_t i = 0; i <= architecture.hidden.size(); ++i)
    names.push_back({fmt::format("classifier.{}", 3 * i), kBlocks});
  return names;
}

std::string stored_name(const TensorFile& file, const std::string& name) {
  if (file.has(name)) return name;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> timm{
      {{"classifier.0.", "pre_logits.fc1."}, {"classifier.3.", "pre_logits.fc2."}, {"classifier.6.", "head.fc."}}};
  for (const auto& [ours, theirs] : timm)
    if (name.starts_with(ours)) {
      const auto other = std::string(theirs) + name.substr(ours.size());
      if (file.has(other)) return other;
    }
  return {};
}

namespace {

[[noreturn]] void not_vgg(const TensorFile& file, const std::string& why) {
  throw Error(fmt::format("{} does not hold a VGG16: {}", file.path().string(), why),
              "give weights with the names of torchvision (features.0.weight ... classifier.6.bias), timm or Keras");
}

std::vector<std::int64_t> shape_of(const TensorFile& file, const std::string& name) {
  const std::string stored = stored_name(file, name);
  if (stored.empty()) not_vgg(file, fmt::format("it has no {}", name));
  return file.info(stored).shape;
}

int metadata_size(const TensorFile& file) {
  const auto at = file.metadata().find("size");
  int size = 0;
  if (at != file.metadata().end()) std::from_chars(at->second.data(), at->second.data() + at->second.size(), size);
  return size;
}

}  // namespace

Architecture architecture_of(const TensorFile& file) {
  Architecture a;
  a.hidden.clear();
  std::int64_t in = 3;
  int block = -1;
  for (const auto& layer : layer_names(a)) {
    if (layer.block == kBlocks) break;
    const auto shape = shape_of(file, layer.name + ".weight");
    if (shape.size() != 4 || shape[1] != in || shape[2] != 3 || shape[3] != 3 || shape[0] < 1 || shape[0] > 1 << 16)
      not_vgg(file, fmt::format("{}.weight has the wrong shape", layer.name));
    in = shape[0];
    auto& channels = a.channels[std::size_t(layer.block)];
    if (layer.block != block) channels = int(in);  // a block's first convolution sets its channels
    block = layer.block;
    if (channels != int(in)) not_vgg(file, fmt::format("the channels change within a block at {}", layer.name));
  }
  std::int64_t features = 0;
  for (int i = 0; !stored_name(file, fmt::format("classifier.{}.weight", i)).empty(); i += 3) {
    const auto shape = shape_of(file, fmt::format("classifier.{}.weight", i));
    if (shape.size() < 2 || shape[0] < 1) not_vgg(file, fmt::format("classifier.{}.weight is not a matrix", i));
    if (i == 0) features = std::accumulate(shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
    a.hidden.push_back(int(shape[0]));
  }
  const int told = metadata_size(file);
  if (a.hidden.empty()) {
    a.hidden = {4096, 4096};
    a.classes = 0;
    if (told >= 32 && told <= 1024) a.size = told;
    return a;
  }
  a.classes = a.hidden.back();
  a.hidden.pop_back();
  const auto side = std::int64_t(std::lround(std::sqrt(double(features) / double(in))));
  if (side < 1 || side * side * in != features) not_vgg(file, fmt::format("classifier.0 takes {} features", features));
  a.size = told / 32 == side ? told : int(side) * 32;
  return a;
}

}  // namespace palimpsest
