#include "nn/keras_weightless.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>

#include "base/excerpt.h"
#include "nn/architecture.h"
#include "nn/keras_layers.h"
#include "nn/tensor_names.h"

namespace palimpsest::nn {

namespace {

using Paths = std::set<std::string, std::less<>>;

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// "layers/flatten/vars" -> "layers/flatten"
std::string_view layer_of(std::string_view group) {
  while (!group.empty() && keras_is_structure(last_part(group))) group = parent_of(group);
  return group;
}

void insert_with_parents(Paths& paths, std::string_view path) {
  for (; !path.empty() && paths.emplace(path).second; path = parent_of(path)) continue;
}

// Nested models have their own layers in a group.
bool is_model(const Paths& parents, std::string_view path) {
  return parents.contains(fmt::format("{}/layers", path)) ||
         parents.contains(fmt::format("{}/_layer_checkpoint_dependencies", path));
}

bool one_of_kinds(std::string_view name, std::span<const std::string_view> kinds) {
  return std::any_of(kinds.begin(), kinds.end(), [&](std::string_view kind) { return keras_is_kind(kind, name); });
}

bool is_flatten(std::string_view name) {
  return keras_is_kind("flatten", name) || keras_is_kind("global_average_pooling2d", name);
}

bool is_pooling(std::string_view name) {
  if (keras_is_kind("max_pooling2d", name)) return true;
  for (int block = 1; block <= kBlocks; ++block)
    if (name == fmt::format("block{}_pool", block) || name == fmt::format("pool{}", block)) return true;
  return false;
}

// "dropout_1", "fc1_dropout", "dropout2", "spatial_dropout2d"
bool is_dropout(std::string_view name) {
  const auto at = name.find("dropout");
  if (at == std::string_view::npos || (at > 0 && name[at - 1] != '_')) return false;
  auto rest = name.substr(at + std::string_view("dropout").size());
  while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') rest.remove_prefix(1);
  if (rest.starts_with('d')) rest.remove_prefix(1);
  return rest.empty() || rest[0] == '_';
}

// "fc6/relu" and "block1_conv1_input": suffixes of a layer known by name.
bool is_of_known_layer(std::string_view name) {
  static constexpr std::array<std::string_view, 7> models{"vgg16", "vgg19",  "sequential", "functional",
                                                          "model", "conv2d", "flatten"};
  const auto cut = name.find_last_of("_/");
  if (cut == std::string_view::npos) return false;
  const auto what = name.substr(cut + 1), layer = name.substr(0, cut);
  const bool activation = what == "relu" || what == "softmax" || what == "activation";
  if (activation) return keras_named_layer(layer).has_value();
  return what == "input" && (keras_named_layer(layer) || one_of_kinds(layer, models));
}

bool does_nothing_or_is_known(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kinds{
      "input",   "input_layer", "activation",    "relu",           "re_lu",
      "softmax", "tf.nn.relu",  "tf.nn.softmax", "gaussian_noise", "activity_regularization"};
  // Not random_crop, which crops at prediction too.
  static constexpr std::array<std::string_view, 12> random_changes{
      "random_flip",   "random_rotation", "random_zoom", "random_contrast", "random_brightness", "random_translation",
      "random_height", "random_width",    "random_hue",  "random_shear",    "random_saturation", "random_erasing"};
  return one_of_kinds(name, kinds) || one_of_kinds(name, random_changes) || is_dropout(name) || is_of_known_layer(name);
}

}  // namespace

std::vector<std::string> keras_weightless_layers(const Hdf5File& file, const std::vector<Hdf5File::Object>& objects) {
  Paths parents, with_weights, parts_with_weights, found;
  for (const auto& object : objects) {
    parents.emplace(parent_of(object.name));
    if (!object.data || !reason_to_leave_out(object.name, object.info).empty()) continue;
    insert_with_parents(with_weights, parent_of(object.name));
    for (const auto part : path_parts(object.name)) parts_with_weights.emplace(part);
  }
  for (const auto& object : objects) {
    if (keras_beside_the_layers(object.name)) continue;
    // A layer with random numbers holds only their state.
    const auto parts = path_parts(object.name);
    const bool state = object.data && std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
                         return part == "seed_generator" || part == "_random_generator";
                       });
    if (object.data ? !state : parents.contains(object.name)) continue;
    const auto layer = layer_of(object.data ? parent_of(object.name) : std::string_view(object.name));
    if (!layer.empty() && !with_weights.contains(layer) && !is_model(parents, layer)) found.emplace(layer);
  }
  std::vector<std::string> layers;
  Paths names;
  for (const auto& path : found) {
    layers.emplace_back(last_part(path));
    names.emplace(layers.back());
  }
  for (const char* group : {"", "model_weights"})
    for (const auto& name : file.texts(group, "layer_names"))
      if (!parts_with_weights.contains(name) && names.emplace(name).second) layers.push_back(name);
  return layers;
}

std::string keras_weightless_objection(const std::vector<std::string>& layers, bool convolutions_alone) {
  int poolings = 0, flattenings = 0;
  for (const auto& name : layers) {
    const bool pooling = is_pooling(name), flatten = is_flatten(name);
    poolings += pooling ? 1 : 0;
    flattenings += flatten ? 1 : 0;
    if ((!pooling && !flatten && !does_nothing_or_is_known(name)) || flattenings > 1 || poolings > kBlocks)
      return fmt::format("a layer '{}' without weights", excerpt(name, 40));
  }
  const bool all = poolings == 0 || poolings == kBlocks || (convolutions_alone && poolings == kBlocks - 1);
  return all ? std::string() : fmt::format("{} max poolings instead of {}", poolings, kBlocks);
}

}  // namespace palimpsest::nn
