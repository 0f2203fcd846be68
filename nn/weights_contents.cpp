#include "nn/weights_contents.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/excerpt.h"
#include "nn/keras_layers.h"
#include "nn/keras_weights.h"
#include "nn/layers.h"
#include "nn/other_networks.h"
#include "nn/tensor_names.h"
#include "nn/weights.h"

namespace palimpsest::nn {

namespace {

// The number of consecutive fully connected layers: classifier.0, .3, .6, ...
int count_head_layers(const std::set<std::string>& named) {
  int layers = 0;
  const auto has = [&](const char* which) { return named.contains(fmt::format("classifier.{}{}", 3 * layers, which)); };
  while (has(".weight") || has(".bias")) ++layers;
  return layers;
}

// The VGG with the fewest convolutions missing from the file or foreign to it; 16 if several have as few.
int depth_of(const TensorFile& file) {
  std::set<std::string> named;
  for (const auto& name : file.names())
    if (name.starts_with("features.") && name.ends_with(".weight") && file.info(name).shape.size() == 4)
      named.insert(name.substr(0, name.rfind('.')));
  int best = 0;
  std::size_t fewest = 0;
  for (const int depth : {16, 11, 13, 19}) {
    const auto wanted = convolution_names(depth);
    const auto present =
        std::size_t(std::ranges::count_if(wanted, [&](const auto& name) { return named.contains(name); }));
    const std::size_t different = wanted.size() + named.size() - 2 * present;
    if (best == 0 || different < fewest) best = depth, fewest = different;
  }
  return best;
}

std::vector<std::string> parameters_wanted(int depth, int head_layers) {
  std::vector<std::string> names = convolution_names(depth);
  for (int i = 0; i < head_layers; ++i) names.push_back(fmt::format("classifier.{}", 3 * i));
  std::vector<std::string> wanted;
  for (const auto& name : names)
    for (const char* which : {".weight", ".bias"}) wanted.push_back(name + which);
  return wanted;
}

bool needed(const std::string& name, bool head_needed) {
  return head_needed || !is_of_head(name);
}

[[noreturn]] void refuse(const TensorFile& file, const std::string& why, const std::string& remedy) {
  throw Error(fmt::format("{} {}", file.path().string(), why), remedy);
}

// A missing parameter's name, in a Keras file with the layer that should hold it.
std::string missing_name(const TensorFile& file, int depth, const std::string& name) {
  if (!dynamic_cast<const KerasWeights*>(&file)) return name;
  int block = 0, number = 0;
  for (const auto& layer : layers_with_weights(Architecture::vgg(depth, 1, 224, {}, 0))) {
    number = layer.block == block ? number : 0;
    block = layer.block;
    if (name.starts_with(layer.name + ".")) return fmt::format("{} ({})", name, keras_convolution(block, number));
    ++number;
  }
  return name;
}

std::string with_meaning(const TensorFile& file, const TensorUse& tensor) {
  return described(file, tensor.name) + (tensor.what.empty() ? "" : ", " + tensor.what);
}

}  // namespace

std::string described(const TensorFile& file, const std::string& name) {
  const StoredTensor stored = file.stored(name);
  return fmt::format("{} ({})", excerpt(stored.name),
                     stored.shape.empty() ? "a number" : fmt::format("{}", fmt::join(stored.shape, " x ")));
}

std::vector<const TensorUse*> WeightsContents::of(TensorUse::Kind kind) const {
  std::vector<const TensorUse*> found;
  for (const auto& tensor : tensors)
    if (tensor.kind == kind) found.push_back(&tensor);
  return found;
}

WeightsContents contents_of(const TensorFile& file) {
  WeightsContents contents;
  contents.depth = depth_of(file);
  contents.head_layers = count_head_layers({file.names().begin(), file.names().end()});
  const auto wanted = parameters_wanted(contents.depth, contents.head_layers);
  std::set<std::string> open(wanted.begin(), wanted.end());
  for (const auto& name : file.names()) {
    using Kind = TensorUse::Kind;
    if (open.erase(name) > 0) {
      contents.tensors.push_back({name, Kind::parameter, name});
    } else if (auto fate = file.fate(name); !fate.empty()) {
      contents.tensors.push_back({name, Kind::folded, std::move(fate)});
    } else if (auto reason = reason_to_leave_out(name, file.info(name)); !reason.empty()) {
      contents.tensors.push_back({name, Kind::left_out, std::move(reason)});
    } else {
      contents.tensors.push_back({name, Kind::unplaced, probable_meaning(name)});
    }
  }
  for (const auto& name : wanted)
    if (open.contains(name)) contents.missing.push_back(name);
  return contents;
}

void require_vgg(const TensorFile& file, const WeightsContents& contents, bool head_needed) {
  if (const auto at = file.metadata().find("content"); at != file.metadata().end() && at->second == "gradients")
    refuse(file, "holds the gradients of a training step, not weights", "give the run's weights.safetensors");
  std::vector<const TensorUse*> unplaced;
  for (const auto* tensor : contents.of(TensorUse::Kind::unplaced))
    if (needed(tensor->name, head_needed)) unplaced.push_back(tensor);
  std::vector<std::string> missing;
  for (const auto& name : contents.missing)
    if (needed(name, head_needed)) missing.push_back(name);
  const auto* const keras = dynamic_cast<const KerasWeights*>(&file);
  const auto refuse_objection = [&] {
    if (keras && !keras->objection().has.empty() && (head_needed || !keras->objection().in_head))
      refuse(file, fmt::format("{}, which a VGG{} does not have", keras->objection().has, contents.depth),
             keras->objection().remedy);
  };
  if (keras && keras->configured()) refuse_objection();  // a configuration says more than names
  if (!unplaced.empty() || !missing.empty())
    if (const auto other = other_network(file, contents, head_needed)) refuse(file, other->what, other->remedy);
  refuse_objection();
  // One with several axes is more informative than its bias.
  std::stable_sort(unplaced.begin(), unplaced.end(), [&](const TensorUse* a, const TensorUse* b) {
    return file.info(a->name).shape.size() > file.info(b->name).shape.size();
  });
  const std::string listing = fmt::format("palimpsest weights {} lists all that it has", file.path().string());
  if (!missing.empty())
    refuse(file,
           fmt::format("does not hold a whole VGG{}: it has no {}{}{}", contents.depth,
                       missing_name(file, contents.depth, missing.front()),
                       missing.size() > 1 ? fmt::format(" and {} other parameters", missing.size() - 1) : "",
                       unplaced.empty() ? "" : fmt::format(", but {}", with_meaning(file, *unplaced.front()))),
           listing);
  if (!unplaced.empty())
    refuse(file,
           fmt::format("holds {} tensor{} that VGG{} does not have: {}", unplaced.size(),
                       unplaced.size() > 1 ? "s" : "", contents.depth, with_meaning(file, *unplaced.front())),
           listing);
}

std::string left_out_line(const TensorFile& file, const WeightsContents& contents, bool head_needed) {
  auto left_out = contents.of(TensorUse::Kind::left_out);
  if (!head_needed)
    for (const auto* tensor : contents.of(TensorUse::Kind::unplaced)) left_out.push_back(tensor);
  if (left_out.empty()) return {};
  const TensorUse& first = *left_out.front();
  return fmt::format("{}: {} tensor{} left out, for instance {}{}.", file.path().string(), left_out.size(),
                     left_out.size() > 1 ? "s were" : " was", described(file, first.name),
                     first.what.empty() ? "" : ": " + first.what);
}

bool states_average(const TensorFile& file) {
  const auto at = file.metadata().find("pooling");
  if (at == file.metadata().end()) return false;
  if (at->second == "average") return true;
  refuse(file, fmt::format("specifies the unknown pooling '{}' before its head", excerpt(at->second)),
         "write average into its metadata, or remove the entry 'pooling' if the head takes the flattened features");
}

std::int64_t outputs_of(const TensorFile& file, const WeightsContents& contents) {
  const std::string last = fmt::format("classifier.{}.weight", 3 * (contents.head_layers - 1));
  return file.has(last) && !file.info(last).shape.empty() ? file.info(last).shape[0] : 0;
}

std::string assumption_line(const TensorFile& file, const WeightsContents& contents, bool head_needed, bool average) {
  const auto* const keras = dynamic_cast<const KerasWeights*>(&file);
  const bool ours = file.metadata().contains("size") && file.metadata().contains("normalisation");
  std::vector<std::string> assumed;
  if (head_needed && contents.head_layers > 1 && !ours && !(keras && keras->configured()))
    assumed.emplace_back("ReLU between its fully connected layers");
  if (head_needed && !ours && outputs_of(file, contents) == 4096)
    assumed.emplace_back("that its last layer's 4096 outputs are classes (VGG's inner layers have as many)");
  if (head_needed && average && !ours && !states_average(file))
    assumed.emplace_back("global average pooling before its head");
  if (keras && keras->numbered()) assumed.emplace_back("VGG's order of its layers, which have numbers and no names,");
  if (assumed.empty()) return {};
  return fmt::format("{}: the file does not say it, so {} {} assumed.", file.path().string(),
                     fmt::join(assumed, " and "), assumed.size() > 1 ? "are" : "is");
}

namespace {

[[noreturn]] void not_vgg(const TensorFile& file, const std::string& why) {
  throw Error(fmt::format("{} does not hold a VGG: {}", file.path().string(), why),
              "give weights with the names of torchvision (features.0.weight ... classifier.6.bias), timm or Keras");
}

const std::vector<std::int64_t>& shape_of(const TensorFile& file, const std::string& name) {
  return file.info(name).shape;
}

// Keras on Theano had kernels as (out, in, height, width).
bool has_theanos_axes(const TensorFile& file, const std::string& name) {
  const auto stored = file.stored(name).shape;
  return stored != shape_of(file, name) && stored.size() == 4 && stored[2] == 3 && stored[3] == 3;
}

std::string shape_hint(const TensorFile& file, const std::string& name, const std::vector<std::int64_t>& shape,
                       std::int64_t in) {
  if (has_theanos_axes(file, name)) return ", with its axes in Theano's order";
  if (shape.size() == 4 && shape[1] != in) return fmt::format(": it takes {} channels instead of {}", shape[1], in);
  return {};
}

// Sets the channels of all blocks; returns those of the last.
std::int64_t take_channels(const TensorFile& file, Architecture& a) {
  std::int64_t in = 3;
  int block = -1;
  for (const auto& layer : layers_with_weights(a)) {
    if (layer.block == kBlocks) break;
    const std::string name = layer.name + ".weight";
    const auto& shape = shape_of(file, name);
    if (shape.size() != 4 || shape[1] != in || shape[2] != 3 || shape[3] != 3 || shape[0] < 1 || shape[0] > 1 << 16)
      not_vgg(file, fmt::format("{} has the wrong shape, {}{}", name, described(file, name),
                                shape_hint(file, name, shape, in)));
    in = shape[0];
    auto& channels = a.channels[std::size_t(layer.block)];
    if (layer.block != block) channels = int(in);  // a block's first convolution sets its channels
    block = layer.block;
    if (channels != int(in)) not_vgg(file, fmt::format("the channels change within a block at {}", layer.name));
  }
  return in;
}

// Sets the widths of the fully connected layers; returns how many numbers the first of them takes.
std::int64_t take_head(const TensorFile& file, int layers, Architecture& a) {
  std::int64_t features = 0, in = 0;
  a.hidden.clear();
  for (int i = 0; i < layers; ++i) {
    const std::string name = fmt::format("classifier.{}.weight", 3 * i);
    const auto& shape = shape_of(file, name);
    if (shape.size() < 2 || shape[0] < 1 || shape[0] > 1 << 20) not_vgg(file, fmt::format("{} is not a matrix", name));
    const std::int64_t takes = std::accumulate(shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
    if (i == 0) features = takes;
    if (i > 0 && takes != in)
      not_vgg(file,
              fmt::format("{} takes {} numbers, but the layer before it has {}", described(file, name), takes, in));
    in = shape[0];
    a.hidden.push_back(int(in));
  }
  a.classes = a.hidden.back();
  a.hidden.pop_back();
  return features;
}

bool usable_side(int side) {
  return side >= 32 && side <= 1024;
}

int metadata_size(const TensorFile& file) {
  const auto at = file.metadata().find("size");
  int size = 0;
  if (at != file.metadata().end()) std::from_chars(at->second.data(), at->second.data() + at->second.size(), size);
  return usable_side(size) ? size : 0;
}

bool says_flatten(const TensorFile& file) {
  const auto* const keras = dynamic_cast<const KerasWeights*>(&file);
  return keras && keras->flattens();
}

// One number per channel: the last block's output is one pixel, or it was averaged over all its pixels.
int side_of_one_place(const TensorFile& file, const WeightsUse& use) {
  if (use.side && usable_side(*use.side)) return *use.side;
  throw Error(fmt::format("{}: {} takes one number for each channel: after global average pooling, or after the last "
                          "block of pictures of 32 to 63 pixels",
                          file.path().string(), described(file, "classifier.0.weight")),
              "give the side of its pictures with --size: 32 to 63, or 64 and more for global average pooling");
}

int side_after_average(const TensorFile& file, std::int64_t features, std::int64_t channels, const WeightsUse& use) {
  if (features != channels)
    refuse(file,
           fmt::format("states global average pooling, but {} takes {} numbers, not one for each of {} channels",
                       described(file, "classifier.0.weight"), features, channels),
           "correct or remove the entry 'pooling' in its metadata, or give other weights");
  const int stated = metadata_size(file);
  if (stated != 0) return stated;
  return use.side && usable_side(*use.side) ? *use.side : Architecture{}.size;
}

int side_of_head(const TensorFile& file, std::int64_t features, std::int64_t channels, const WeightsUse& use) {
  if (states_average(file)) return side_after_average(file, features, channels, use);
  const auto side = std::int64_t(std::lround(std::sqrt(double(features) / double(channels))));
  if (side < 1 || side * side * channels != features || side > 32)
    not_vgg(file, fmt::format("{} takes {} numbers, which is not a square feature map of {} channels",
                              described(file, "classifier.0.weight"), features, channels));
  const int stated = metadata_size(file);
  if (stated != 0 && stated / 32 != side)
    throw Error(
        fmt::format("{0} says that it takes pictures of {1} x {1}, but {2} takes the features of {3} x {3}",
                    file.path().string(), stated, described(file, "classifier.0.weight"), 32 * side),
        dynamic_cast<const KerasWeights*>(&file)
            ? "save the model again with Keras, so that its configuration matches its weights, or give other weights"
            : "correct or remove the entry 'size' in its metadata, or give other weights");
  if (stated != 0) return stated;
  if (side == 1 && !says_flatten(file)) return side_of_one_place(file, use);
  return use.side && *use.side / 32 == side ? *use.side : int(side) * 32;
}

// A file of ours names as many classes as it has outputs, unless its last layer was removed: then a hidden layer's
// outputs would be mistaken for classes.
void require_as_many_names(const TensorFile& file, int outputs) {
  if (!states_size(file) || !states_normalisation(file)) return;
  const auto names = notes_of(file).classes.size();
  if (names == 0 || names == std::size_t(outputs)) return;
  throw Error(
      fmt::format("{} names {} classes, but its last layer has {} outputs", file.path().string(), names, outputs),
      "give the original file, or correct or remove the entry 'classes' in its metadata");
}

}  // namespace

Architecture architecture_of(const TensorFile& file, const WeightsUse& use) {
  const WeightsContents contents = contents_of(file);
  require_vgg(file, contents, use.head);
  Architecture a;
  a.depth = contents.depth;
  const std::int64_t channels = take_channels(file, a);
  const int stated = metadata_size(file);
  const int open_side = use.side && usable_side(*use.side) ? *use.side : stated != 0 ? stated : Architecture{}.size;
  if (contents.head_layers == 0 || (!use.head && !contents.missing.empty())) {
    a.classes = 0;
    a.size = open_side;
    return a;
  }
  const std::int64_t features = take_head(file, contents.head_layers, a);
  if (use.head) require_as_many_names(file, a.classes);
  a.size = use.head ? side_of_head(file, features, channels, use) : open_side;
  a.average = use.head && (states_average(file) || (features == channels && a.size / 32 > 1));
  return a;
}

}  // namespace palimpsest::nn
