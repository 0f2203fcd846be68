#include "nn/names_in_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/excerpt.h"
#include "nn/layers.h"
#include "nn/tensor_names.h"

namespace palimpsest::nn {

namespace {

// A layer's tensors: "weight" -> the file's name of it.
using Variables = std::map<std::string, std::string>;

// "classifier.6.3" -> {6, 3}, "classifier.#.#"
struct Numbered {
  std::vector<int> numbers;
  std::string otherwise;
};
Numbered numbered(const std::string& layer) {
  Numbered result;
  for (std::size_t at = 0; at < layer.size();) {
    int number = 0;
    const auto [end, code] = std::from_chars(layer.data() + at, layer.data() + layer.size(), number);
    if (code == std::errc{} && layer[at] != '-') {
      result.numbers.push_back(number);
      at = std::size_t(end - layer.data());
      result.otherwise += '#';
    } else {
      result.otherwise += layer[at++];
    }
  }
  return result;
}

// "classifier.6" -> {"classifier", 6}: a layer of a Sequential.
struct Position {
  std::string parent;
  int index = 0;
};
std::optional<Position> position(const std::string& layer) {
  const auto dot = layer.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  int index = 0;
  const char *const begin = layer.data() + dot + 1, *const end = layer.data() + layer.size();
  const auto [stop, code] = std::from_chars(begin, end, index);
  if (code != std::errc{} || stop != end || index < 0 || index > 1'000'000) return std::nullopt;
  return Position{layer.substr(0, dot), index};
}

// "conv3_2" or "conv_3_2" -> block 2, second convolution.
std::optional<std::pair<int, int>> caffe_convolution(std::string_view layer) {
  if (!layer.starts_with("conv")) return std::nullopt;
  layer.remove_prefix(4);
  if (layer.starts_with('_')) layer.remove_prefix(1);
  const auto digit = [&](std::size_t at, char most) { return layer[at] >= '1' && layer[at] <= most; };
  if (layer.size() != 3 || layer[1] != '_' || !digit(0, '5') || !digit(2, '4')) return std::nullopt;
  return std::pair{layer[0] - '1', layer[2] - '1'};
}

class Names {
 public:
  explicit Names(const TensorFile& file) : file_(file) { group(prefix()); }

  NamesInFile find() {
    std::vector<LayerInFile> convolutions = numbered_convolutions();
    if (convolutions.empty()) convolutions = caffe_convolutions();
    if (convolutions.empty()) return {};
    std::vector<LayerInFile> head = head_layers(convolutions.back());
    place_normalisations_of_head(head);
    for (auto* part : {&convolutions, &head})
      for (auto& layer : *part) add(std::move(layer));
    tell();
    return std::move(result_);
  }

 private:
  // The part before features.0.weight, conv1_1.weight or conv_1_1.weight, unless the file has several such networks.
  std::string prefix() const {
    std::set<std::string> prefixes;
    for (const auto& name : file_.names())
      for (const std::string_view first : {"features.0.weight", "conv1_1.weight", "conv_1_1.weight"}) {
        const std::string_view start =
            std::string_view(name).substr(0, name.size() - std::min(first.size(), name.size()));
        if (name.ends_with(first) && (start.empty() || start.ends_with('.')) && axes(name) == 4)
          prefixes.emplace(start);
      }
    // features.module.0.weight: DataParallel around the convolutions alone
    if (prefixes.empty())
      for (const auto& name : file_.names())
        if (name.ends_with(".0.weight") && name.find("features.") != std::string::npos && axes(name) == 4)
          prefixes.insert(name.substr(0, name.size() - std::string_view("0.weight").size()));
    return prefixes.size() == 1 ? *prefixes.begin() : std::string();
  }

  void group(const std::string& prefix) {
    const auto features = prefix.rfind("features.");  // "model.features.module."
    const std::string outer = features == std::string::npos ? prefix : prefix.substr(0, features);
    for (const auto& name : file_.names()) {
      if (!reason_to_leave_out(name, file_.info(name)).empty()) continue;
      std::string plain = name;
      if (features != std::string::npos && name.starts_with(prefix))
        plain = "features." + name.substr(prefix.size());
      else if (name.starts_with(outer))
        plain = name.substr(outer.size());
      const auto dot = plain.rfind('.');
      if (dot == std::string::npos) continue;
      if (!layers_[plain.substr(0, dot)].emplace(plain.substr(dot + 1), name).second) ambiguous_ = true;
    }
    if (!prefix.empty())
      result_.changes.push_back(fmt::format("its names begin with '{}', which is left out", excerpt(prefix, 60)));
  }

  std::size_t axes(const std::string& name) const { return file_.info(name).shape.size(); }
  std::string variable(const std::string& layer, const char* name) const {
    const auto at = layers_.find(layer);
    if (at == layers_.end()) return {};
    const auto found = at->second.find(name);
    return found == at->second.end() ? std::string() : found->second;
  }
  std::size_t weight_axes(const std::string& layer) const {
    const auto weight = variable(layer, "weight");
    return weight.empty() ? 0 : axes(weight);
  }
  std::optional<BatchNormalisation> normalisation(const std::string& layer) const {
    BatchNormalisation found{layer, variable(layer, "weight"), variable(layer, "bias"), variable(layer, "running_mean"),
                             variable(layer, "running_var")};
    if (found.mean.empty() || found.variance.empty() || found.weight.empty() != found.bias.empty()) return std::nullopt;
    return found;
  }
  LayerInFile layer_in_file(const std::string& name, const std::string& layer) const {
    return {name, variable(layer, "weight"), variable(layer, "bias"), {}, {}};
  }

  // 0: no VGG has so many convolutions in its blocks.
  static int depth_of(const std::array<int, kBlocks>& convolutions) {
    const int depth = depth_like(convolutions);
    return Architecture{.depth = depth}.convolutions() == convolutions ? depth : 0;
  }

  // features.N: the indices left out are ReLU, and between blocks a pooling, after a batch normalisation if there is
  // one.
  std::vector<LayerInFile> numbered_convolutions() const {
    std::vector<int> indices;
    for (const auto& [layer, variables] : layers_)
      if (const auto at = position(layer); at && at->parent == "features" && weight_axes(layer) == 4)
        indices.push_back(at->index);
    std::ranges::sort(indices);
    std::array<int, kBlocks> blocks{};
    std::size_t block = 0;
    std::vector<LayerInFile> layers;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      LayerInFile layer = layer_in_file({}, fmt::format("features.{}", indices[i]));
      layer.after = normalisation(fmt::format("features.{}", indices[i] + 1));
      ++blocks[block];
      const int next = indices[i] + 2 + (layer.after ? 1 : 0);
      layers.push_back(std::move(layer));
      if (i + 1 == indices.size() || indices[i + 1] == next) continue;
      if (indices[i + 1] != next + 1 || ++block == kBlocks) return {};
    }
    const int depth = depth_of(blocks);
    if (indices.empty() || indices[0] != 0 || depth == 0) return {};
    const auto names = convolution_names(depth);
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i].name = names[i];
    return layers;
  }

  std::vector<LayerInFile> caffe_convolutions() {
    std::map<std::pair<int, int>, std::string> found;
    for (const auto& [layer, variables] : layers_)
      if (const auto at = caffe_convolution(layer); at && weight_axes(layer) == 4) found.emplace(*at, layer);
    std::array<int, kBlocks> blocks{};
    for (const auto& [at, layer] : found)
      if (at.second != blocks[std::size_t(at.first)]++) return {};
    const int depth = depth_of(blocks);
    if (depth == 0) return {};
    std::vector<LayerInFile> layers;
    const auto names = convolution_names(depth);
    for (const auto& [at, layer] : found) layers.push_back(layer_in_file(names[layers.size()], layer));
    result_.caffe = true;
    result_.changes.push_back(
        fmt::format("its {} to {} are VGG{}'s convolutions", found.begin()->second, found.rbegin()->second, depth));
    return layers;
  }

  // Fully connected layers in their order: by their numbers, else by their widths if these leave only one order.
  std::vector<LayerInFile> head_layers(const LayerInFile& last_convolution) {
    std::vector<std::string> found;
    for (const auto& [layer, variables] : layers_)
      if (!layer.starts_with("features.") &&
          (weight_axes(layer) == 2 || (weight_axes(layer) == 4 && is_of_head(layer))) && !caffe_convolution(layer))
        found.push_back(layer);
    std::ranges::sort(found, {}, [](const std::string& layer) {
      const bool before_last = layer.starts_with("pre_logits");  // timm's, in front of head.fc
      auto [numbers, otherwise] = numbered(layer);
      return std::tuple(!before_last, std::move(numbers), std::move(otherwise));
    });
    const std::int64_t channels = file_.info(last_convolution.weight).shape[0];
    if (found.empty() || found.size() > 8 || !in_order(found, channels)) return {};
    if (!std::ranges::all_of(found, [&](const auto& layer) { return has_bias(layer); })) return {};
    for (std::size_t i = 0; i + 1 < found.size(); ++i) {
      const auto a = position(found[i]), b = position(found[i + 1]);
      if (a && b && a->parent == b->parent && b->index == a->index + 1) return {};  // no place for a ReLU
    }
    std::vector<LayerInFile> layers;
    std::vector<std::string> theirs;
    for (const auto& layer : found) {
      layers.push_back(layer_in_file(fmt::format("classifier.{}", 3 * layers.size()), layer));
      theirs.push_back(layer);
    }
    const bool renamed = std::ranges::any_of(
        layers, [&](const LayerInFile& l) { return l.name != theirs[std::size_t(&l - layers.data())]; });
    if (renamed)
      result_.changes.push_back(
          fmt::format("its head is {}", excerpt(fmt::format("{}", fmt::join(theirs, ", then ")), 200)));
    return layers;
  }

  // Or a normalisation after it, which gives it one.
  bool has_bias(const std::string& layer) const {
    if (!variable(layer, "bias").empty()) return true;
    const auto at = position(layer);
    return at && normalisation(fmt::format("{}.{}", at->parent, at->index + 1));
  }
  std::int64_t outputs(const std::string& layer) const { return file_.info(variable(layer, "weight")).shape[0]; }
  std::int64_t inputs(const std::string& layer) const {
    const TensorInfo& info = file_.info(variable(layer, "weight"));
    return info.shape[0] == 0 ? 0 : info.count() / info.shape[0];
  }
  bool in_order(const std::vector<std::string>& layers, std::int64_t channels) const {
    std::int64_t in = inputs(layers[0]);
    if (channels <= 0 || in % channels != 0) return false;
    for (const auto& layer : layers) {
      if (inputs(layer) != in) return false;
      in = outputs(layer);
    }
    return true;
  }

  // Directly after a layer: on its output. Else on the input of the next one, after a ReLU.
  void place_normalisations_of_head(std::vector<LayerInFile>& head) {
    const auto theirs = [&](const LayerInFile& layer) {
      return position(layer_of(layer.weight)).value_or(Position{"", -1});
    };
    for (const auto& [layer, variables] : layers_) {
      const auto found = layer.starts_with("features.") ? std::nullopt : normalisation(layer);
      const auto at = position(layer);
      if (!found || !at) continue;
      LayerInFile *before = nullptr, *after = nullptr;
      for (auto& one : head) {
        const Position place = theirs(one);
        if (place.parent != at->parent) continue;
        if (place.index < at->index) before = &one;
        if (place.index > at->index && !after) after = &one;
      }
      if (before && theirs(*before).index + 1 == at->index)
        before->after = found;
      else if (after && !after->before)
        after->before = found;
    }
  }
  std::string layer_of(const std::string& weight) const {
    for (const auto& [layer, variables] : layers_)
      if (variable(layer, "weight") == weight) return layer;
    return {};
  }

  void add(LayerInFile layer) {
    const bool normalised = layer.before || layer.after;
    normalised_ = normalised_ || normalised;
    if (normalised || layer.weight != layer.name + ".weight") result_.layers.push_back(std::move(layer));
  }
  void tell() {
    if (ambiguous_) result_ = {};
    if (normalised_)
      result_.changes.emplace_back(
          "its batch normalisation is folded into its layers, with PyTorch's usual epsilon of 1e-5");
    if (result_.layers.empty()) result_.changes.clear();
  }

  const TensorFile& file_;
  std::map<std::string, Variables> layers_;  // by their names without the prefix
  NamesInFile result_;
  bool ambiguous_ = false, normalised_ = false;
};

}  // namespace

NamesInFile names_in_file(const TensorFile& file) {
  return Names(file).find();
}

}  // namespace palimpsest::nn
