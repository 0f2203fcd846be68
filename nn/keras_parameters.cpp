#include "nn/keras_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "nn/keras_layers.h"
#include "nn/layers.h"
#include "nn/tensor_names.h"

namespace palimpsest::nn {

namespace {

using Objects = std::vector<Hdf5File::Object>;

constexpr std::size_t most_layers = 100;  // with weights

bool is_weight(const Hdf5File::Object& object) {
  return object.data && !keras_beside_the_layers(object.name) && reason_to_leave_out(object.name, object.info).empty();
}

// "model_weights/vgg16/block1_conv1/kernel:0" -> vgg16, block1_conv1: the groups that are models or layers.
std::vector<std::string_view> layers_in(std::string_view path) {
  auto parts = path_parts(path);
  if (!parts.empty()) parts.pop_back();
  std::erase_if(parts, keras_is_structure);
  return parts;
}

bool in_keras_3(std::string_view path) {
  const auto parts = path_parts(path);
  return parts.size() >= 2 && parts[parts.size() - 2] == "vars";
}

bool belongs(std::string_view path, const KerasPlace& place) {
  const auto groups = layers_in(path);
  if (in_keras_3(path)) return std::ranges::equal(groups, place.counted);
  return !groups.empty() && groups.front() == place.names.front() &&
         (place.names.size() == 1 || std::find(groups.begin() + 1, groups.end(), place.names.back()) != groups.end());
}

// The datasets of a layer by the names of its variables, which Keras 3 numbers. Empty unless they are exactly these.
std::map<std::string_view, std::string> variables_of(const Objects& objects, const KerasPlace& place,
                                                     std::span<const std::string_view> wanted) {
  std::map<std::string_view, std::string> found;
  std::size_t count = 0;
  for (const auto& object : objects) {
    if (!object.data || keras_beside_the_layers(object.name) || !belongs(object.name, place)) continue;
    const auto last = path_parts(object.name).back();
    ++count;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (in_keras_3(object.name) ? last == std::to_string(i) : keras_variable(last) == wanted[i])
        found[wanted[i]] = object.name;
  }
  if (count != wanted.size() || found.size() != count) found.clear();
  return found;
}

std::optional<BatchNormalisation> found_normalisation(const Objects& objects, const KerasNormalisation& n) {
  std::array<std::string_view, 4> wanted;
  std::size_t count = 0;
  if (n.scale) wanted[count++] = "gamma";
  if (n.shift) wanted[count++] = "beta";
  wanted[count++] = "moving_mean";
  wanted[count++] = "moving_variance";
  auto found = variables_of(objects, n.place, std::span(wanted).first(count));
  if (found.empty()) return std::nullopt;
  return BatchNormalisation{n.place.names.back(), found["gamma"],           found["beta"],
                            found["moving_mean"], found["moving_variance"], n.epsilon};
}

// The kernels and biases of a group in the order of its list of weights.
struct Listed {
  std::string layer, kernel, bias;
};
std::vector<Listed> listed_in(const std::string& group, const std::vector<std::string>& weight_names) {
  std::vector<Listed> layers;
  for (const auto& name : weight_names) {
    const auto parts = path_parts(name);
    const auto variable = parts.empty() ? std::string_view() : keras_variable(parts.back());
    const std::string path = group + "/" + name;
    const auto layer = parts.size() >= 2 ? parts[parts.size() - 2] : path_parts(group).back();
    if (variable == "kernel")
      layers.push_back({std::string(layer), path, {}});
    else if (variable == "bias" && !layers.empty() && layers.back().bias.empty() && layers.back().layer == layer)
      layers.back().bias = path;
  }
  return layers;
}

// Of a layer that its name identifies: for sorting.
std::array<int, 3> place(const KerasParameter& p) {
  return {p.dense ? 1 : 0, p.block, p.number};
}

// A model within a model lists its trainable layers first. The order is certain if all names tell it, or if they are
// counted in the order of the list.
bool put_in_order(std::vector<Listed>& layers) {
  const auto known = [](const Listed& listed) { return keras_named_layer(listed.layer); };
  if (std::ranges::all_of(layers, [&](const Listed& listed) { return known(listed).has_value(); })) {
    std::ranges::stable_sort(layers, {}, [&](const Listed& listed) { return place(*known(listed)); });
    return true;
  }
  return std::ranges::adjacent_find(layers, [](const Listed& a, const Listed& b) {
           return !keras_counted_before(a.layer, b.layer);
         }) == layers.end();
}

// Whether known names among them are in their order.
bool names_agree(const std::vector<Listed>& layers) {
  std::vector<std::array<int, 3>> places;
  for (const Listed& listed : layers)
    if (const auto known = keras_named_layer(listed.layer)) places.push_back(place(*known));
  return std::ranges::is_sorted(places);
}

bool is_padding(const std::string& layer) {
  return keras_is_kind("zero_padding2d", layer);
}

// Whether there is a padding directly before each of these layers, and nowhere else.
bool pads_each(const std::vector<std::string>& layer_names, const std::vector<Listed>& convolutions) {
  std::size_t padded = 0;
  for (std::size_t i = 0; i + 1 < layer_names.size(); ++i)
    if (is_padding(layer_names[i]) && padded < convolutions.size() &&
        path_parts(convolutions[padded].kernel).front() == layer_names[i + 1])
      ++padded;
  return padded == convolutions.size() &&
         std::size_t(std::ranges::count_if(layer_names, is_padding)) == convolutions.size();
}

}  // namespace

std::optional<KerasParameters> configured_parameters(const Objects& objects, const KerasConfiguration& configuration) {
  static constexpr std::array<std::string_view, 2> with_bias{"kernel", "bias"};
  if (configuration.layers.empty() || configuration.layers.size() > most_layers) return std::nullopt;
  KerasParameters parameters;
  int convolutions = 0;
  for (const KerasLayer& layer : configuration.layers) {
    const auto variables = variables_of(objects, layer.place, std::span(with_bias).first(layer.bias ? 2 : 1));
    if (variables.empty()) return std::nullopt;
    for (const auto& [variable, path] : variables)
      parameters.names[path] = layer.name + (variable == "kernel" ? ".weight" : ".bias");
    KerasParameters::Normalisations found;
    if (layer.before) found.before = found_normalisation(objects, *layer.before);
    if (layer.after) found.after = found_normalisation(objects, *layer.after);
    if (layer.before.has_value() != found.before.has_value() || layer.after.has_value() != found.after.has_value())
      return std::nullopt;
    if (found.before || found.after) parameters.normalisations[layer.name] = std::move(found);
    convolutions += layer.name.starts_with("features.") ? 1 : 0;
  }
  parameters.depth = depth_with(convolutions);
  parameters.certain = true;
  return parameters.depth > 0 ? std::optional(std::move(parameters)) : std::nullopt;
}

std::optional<KerasParameters> listed_parameters(const Objects& objects, const std::vector<std::string>& layer_names) {
  std::map<std::string_view, const Hdf5File::Object*> by_name;
  for (const auto& object : objects) by_name[object.name] = &object;
  const auto find = [&](const std::string& name, bool data) -> const Hdf5File::Object* {
    const auto at = by_name.find(name);
    return at != by_name.end() && at->second->data == data ? at->second : nullptr;
  };
  std::vector<Listed> layers;
  for (const auto& name : layer_names)
    for (const char* root : {"", "model_weights/"})
      if (const auto* const group = find(root + name, false)) {
        auto inside = listed_in(group->name, group->weight_names);
        if (!put_in_order(inside)) return std::nullopt;
        layers.insert(layers.end(), inside.begin(), inside.end());
      }
  std::vector<Listed> convolutions, dense;
  for (auto& layer : layers) {
    const auto* const kernel = find(layer.kernel, true);
    if (!kernel || (!layer.bias.empty() && !find(layer.bias, true))) return std::nullopt;
    const auto& shape = kernel->info.shape;
    if (shape.size() == 4 && shape[0] == 3 && shape[1] == 3 && dense.empty())
      convolutions.push_back(std::move(layer));
    else if (shape.size() == 2 || (shape.size() == 4 && shape[0] == shape[1] && (dense.empty() || shape[0] == 1)))
      dense.push_back(std::move(layer));  // or a convolution over all places
    else
      return std::nullopt;
  }
  KerasParameters parameters;
  parameters.depth = depth_with(int(convolutions.size()));
  parameters.certain = parameters.listed = true;
  if (parameters.depth == 0) return std::nullopt;
  const auto names = convolution_names(parameters.depth);
  const auto give = [&](const Listed& layer, const std::string& name) {
    parameters.names[layer.kernel] = name + ".weight";
    if (!layer.bias.empty()) parameters.names[layer.bias] = name + ".bias";
  };
  for (std::size_t i = 0; i < convolutions.size(); ++i) give(convolutions[i], names[i]);
  for (std::size_t i = 0; i < dense.size(); ++i) give(dense[i], fmt::format("classifier.{}", 3 * i));
  // Where a name says the place, it must be this one.
  const KerasParameters named = named_parameters(objects);
  for (const auto& layer : convolutions)
    if (const auto at = named.names.find(layer.kernel);
        at != named.names.end() && at->second != parameters.names[layer.kernel])
      return std::nullopt;
  parameters.padded = std::ranges::any_of(layer_names, is_padding);
  if (parameters.padded && !pads_each(layer_names, convolutions)) return std::nullopt;
  return names_agree(dense) ? std::optional(std::move(parameters)) : std::nullopt;
}

namespace {

// A head of layers with Keras' automatic names alone ("dense", "dense_1"), in the order of their numbers, if the output
// of each is the input of the next.
void add_counted_head(const Objects& objects, KerasParameters& parameters) {
  std::vector<std::pair<std::string, const Hdf5File::Object*>> kernels, biases;  // by the layer's name
  for (const auto& object : objects) {
    const auto groups = layers_in(object.name);
    if (!object.data || keras_beside_the_layers(object.name) || groups.empty()) continue;
    const std::string_view variable = keras_variable(path_parts(object.name).back());
    const bool counted = keras_is_kind("dense", groups.back());
    if (object.info.shape.size() == 2 && (variable != "kernel" || !counted)) return;
    if (counted && variable == "kernel") kernels.emplace_back(groups.back(), &object);
    if (counted && variable == "bias") biases.emplace_back(groups.back(), &object);
  }
  const auto before = [](const auto& a, const auto& b) { return keras_counted_before(a.first, b.first); };
  std::ranges::sort(kernels, before);
  std::ranges::sort(biases, before);
  const auto follows = [&](const auto& a, const auto& b) {
    return before(a, b) && a.second->info.shape[1] == b.second->info.shape[0];
  };
  if (!std::ranges::equal(
          kernels, biases, {}, [](const auto& k) { return k.first; }, [](const auto& b) { return b.first; }) ||
      std::ranges::adjacent_find(kernels, std::not_fn(follows)) != kernels.end())
    return;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    parameters.names[kernels[i].second->name] = fmt::format("classifier.{}.weight", 3 * i);
    parameters.names[biases[i].second->name] = fmt::format("classifier.{}.bias", 3 * i);
    parameters.numbered = true;
  }
}

}  // namespace

KerasParameters named_parameters(const Objects& objects) {
  std::vector<std::pair<std::string, KerasParameter>> found;
  std::array<int, kBlocks> blocks{};
  std::set<int> dense;  // a head without fc1 or fc2 numbers its layers consecutively
  KerasParameters parameters;
  int numbered = 0;
  for (const auto& object : objects) {
    const auto parameter = object.data ? keras_parameter(object.name) : std::nullopt;
    if (!parameter || object.info.shape.size() != (parameter->bias ? 1U : parameter->dense ? 2U : 4U)) continue;
    found.emplace_back(object.name, *parameter);
    parameters.numbered = parameters.numbered || parameter->numbered;
    if (parameter->dense)
      dense.insert(parameter->number);
    else if (parameter->numbered)
      numbered = std::max(numbered, parameter->number + 1);
    else
      blocks[std::size_t(parameter->block)] = std::max(blocks[std::size_t(parameter->block)], parameter->number + 1);
  }
  parameters.depth = depth_with(numbered) > 0 ? depth_with(numbered) : depth_like(blocks);
  const auto names = convolution_names(parameters.depth);
  const auto convolutions = Architecture{.depth = parameters.depth}.convolutions();
  for (const auto& [path, parameter] : found) {
    std::string layer;
    if (parameter.dense) {
      layer = fmt::format("classifier.{}", 3 * std::distance(dense.begin(), dense.find(parameter.number)));
    } else {
      int at = parameter.number;
      if (!parameter.numbered && at >= convolutions[std::size_t(parameter.block)]) continue;
      for (int block = 0; block < parameter.block; ++block) at += convolutions[std::size_t(block)];
      if (std::size_t(at) >= names.size()) continue;
      layer = names[std::size_t(at)];
    }
    parameters.names[path] = layer + (parameter.bias ? ".bias" : ".weight");
  }
  if (dense.empty()) add_counted_head(objects, parameters);
  return parameters;
}

bool places_all(const KerasParameters& parameters, const Objects& objects) {
  return std::ranges::all_of(objects, [&](const auto& object) {
    const std::size_t axes = object.info.shape.size();
    return (axes != 2 && axes != 4) || !is_weight(object) || parameters.names.contains(object.name);
  });
}

}  // namespace palimpsest::nn
