#include "nn/keras_weights.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/excerpt.h"
#include "nn/keras_config.h"
#include "nn/keras_layers.h"
#include "nn/keras_weightless.h"
#include "nn/layers.h"

namespace palimpsest::nn {

namespace {

// to[o][(c * side + y) * side + x] = from[(y * side + x) * channels + c][o]; channels 0: a plain transpose.
std::vector<float> turn_dense(const std::vector<float>& from, std::int64_t out, std::int64_t in,
                              std::int64_t channels) {
  std::vector<float> to(from.size());
  const std::int64_t per_place = channels == 0 ? 1 : channels, places = in / per_place;
  for (std::int64_t place = 0; place < places; ++place)
    for (std::int64_t c = 0; c < per_place; ++c) {
      const float* const row = from.data() + (place * per_place + c) * out;
      float* const column = to.data() + (channels == 0 ? place : c * places + place);
      for (std::int64_t o = 0; o < out; ++o) column[o * in] = row[o];
    }
  return to;
}

// (height, width, in, out) to (out, in, height, width).
std::vector<float> turn_kernel(const std::vector<float>& from, const std::vector<std::int64_t>& to_shape) {
  const std::int64_t out = to_shape[0], in = to_shape[1], places = to_shape[2] * to_shape[3];
  std::vector<float> to(from.size());
  for (std::int64_t place = 0; place < places; ++place)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t o = 0; o < out; ++o)
        to[std::size_t((o * in + i) * places + place)] = from[std::size_t((place * in + i) * out + o)];
  return to;
}

// The parameter that a dataset is, if it has the right number of axes.
std::optional<KerasParameter> parameter_of(const Hdf5File::Object& object) {
  const auto parameter = keras_parameter(object.name);
  if (!parameter) return std::nullopt;
  const std::size_t axes = parameter->bias ? 1 : parameter->dense ? 2 : 4;
  return object.info.shape.size() == axes ? parameter : std::nullopt;
}

// Of the VGG with the convolutions of a file.
int depth_of(const std::vector<Hdf5File::Object>& objects) {
  std::array<int, kBlocks> blocks{};
  int numbered = 0;
  for (const auto& object : objects) {
    const auto parameter = object.data ? parameter_of(object) : std::nullopt;
    if (!parameter || parameter->dense) continue;
    if (parameter->numbered)
      numbered = std::max(numbered, parameter->number + 1);
    else
      blocks[std::size_t(parameter->block)] = std::max(blocks[std::size_t(parameter->block)], parameter->number + 1);
  }
  const int depth = depth_with(numbered);
  return depth > 0 ? depth : depth_like(blocks);
}

// The names of the layers with weights: of the convolutions by block and number, and of as many dense layers.
std::optional<std::string> torchvision_name(const KerasParameter& parameter, const Architecture& a, int dense_before) {
  if (parameter.dense) return fmt::format("classifier.{}", 3 * dense_before);
  int number = 0;
  for (const auto& layer : layers_with_weights(a)) {
    if (parameter.numbered ? number == parameter.number : layer.block == parameter.block && number == parameter.number)
      return layer.name;
    if (parameter.numbered || layer.block == parameter.block) ++number;
  }
  return std::nullopt;
}

}  // namespace

KerasWeights::KerasWeights(fs::path path) : path_(std::move(path)) {
  const Hdf5File file(path_);
  const auto objects = file.objects();
  std::set<int> dense;  // a head without fc1 or fc2 numbers its layers consecutively
  for (const auto& object : objects)
    if (const auto parameter = object.data ? parameter_of(object) : std::nullopt; parameter && parameter->dense)
      dense.insert(parameter->number);
  const Architecture convolutions = Architecture::vgg(depth_of(objects), 1, 224, {}, 0);
  int outputs = 0;
  for (const auto& object : objects) {
    if (!object.data) continue;
    const auto parameter = parameter_of(object);
    std::optional<std::string> layer;
    if (parameter)
      layer =
          torchvision_name(*parameter, convolutions, int(std::distance(dense.begin(), dense.find(parameter->number))));
    if (!layer) {
      add(object.name, object);
      continue;
    }
    file.require_weights(object);
    add(*layer + (parameter->bias ? ".bias" : ".weight"), object);
    numbered_ = numbered_ || parameter->numbered;
    if (parameter->vggface) normalisation_ = "vggface";
    if (parameter->dense && parameter->bias && parameter->number == 2) outputs = int(object.info.shape[0]);
  }
  if (outputs == 1000) normalisation_ = "caffe";  // VGG-Face's names on ImageNet's classes are Caffe's own network
  last_convolution_ = layers_with_weights(convolutions).back().name;
  read_configuration(file);
  read_kinds_of_layers(file, objects, dense.empty());
  find_flattened();
}

// A dataset that is the same parameter as an earlier one keeps its path as its name and is an objection.
void KerasWeights::add(const std::string& name, const Hdf5File::Object& object) {
  const auto& s = object.info.shape;
  Tensor tensor{object.info, {object.name, s}, 0, name != object.name};
  if (tensor.parameter && s.size() == 4) tensor.info.shape = {s[3], s[2], s[0], s[1]};
  if (tensor.parameter && s.size() == 2) tensor.info.shape = {s[1], s[0]};
  const auto [earlier, is_new] = tensors_.emplace(name, tensor);
  if (is_new) return names_.push_back(name);
  if (objection_.has.empty())
    objection_ = {fmt::format("has {} and {}, which are both the layer {}", excerpt(earlier->second.stored.name),
                              excerpt(object.name), name.substr(0, name.rfind('.'))),
                  name.starts_with("classifier.")};
  tensors_.emplace(object.name, Tensor{object.info, {object.name, s}, 0, false});
  names_.push_back(object.name);
}

void KerasWeights::read_configuration(const Hdf5File& file) {
  const auto text = file.texts("", "model_config");
  if (text.size() != 1) return;
  configured_ = true;
  const KerasConfiguration configuration = read_keras_configuration(text[0]);
  if (configuration.side > 0) metadata_["size"] = std::to_string(configuration.side);
  if (!configuration.objection.empty() && objection_.has.empty())
    objection_ = {"has, in its configuration, " + configuration.objection, configuration.objection_in_head};
}

// Layers without weights are in the list of layers, or are empty groups.
void KerasWeights::read_kinds_of_layers(const Hdf5File& file, const std::vector<Hdf5File::Object>& objects,
                                        bool convolutions_alone) {
  std::set<std::string, std::less<>> layers;
  for (const auto& object : objects)
    if (!keras_beside_the_layers(object.name))
      for (const auto part : path_parts(object.name)) layers.emplace(part);
  for (const char* group : {"", "model_weights"})
    for (const auto& name : file.texts(group, "layer_names")) layers.insert(name);
  for (const auto& name : layers) {
    flattens_ = flattens_ || name.starts_with("flatten");
    const auto kind = keras_foreign_layer(name);
    if (kind.empty() || !objection_.has.empty()) continue;
    const bool head = kind.starts_with("global ");
    objection_ = {fmt::format("has {} (its layer '{}')", kind, excerpt(name, 40)), head};
  }
  if (configured_ || !objection_.has.empty()) return;  // a configuration describes its layers
  if (const auto found = keras_weightless_objection(keras_weightless_layers(file, objects), convolutions_alone);
      !found.empty())
    objection_ = {
        "has " + found, false,
        "if it is a VGG16, save the whole model as HDF5 (model.save('model.h5')), whose configuration describes "
        "its layers"};
}

void KerasWeights::find_flattened() {
  const auto last = tensors_.find(last_convolution_ + ".weight"), first = tensors_.find("classifier.0.weight");
  if (last == tensors_.end() || first == tensors_.end()) return;
  const std::int64_t channels = last->second.info.shape[0], in = first->second.info.shape[1];
  if (in % channels == 0) first->second.channels = channels;
}

const KerasWeights::Tensor& KerasWeights::find(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at == tensors_.end())
    throw Error(fmt::format("{} has no {}", path_.string(), name), "palimpsest weights FILE lists what it has");
  return at->second;
}

const TensorInfo& KerasWeights::info(const std::string& name) const {
  return find(name).info;
}

StoredTensor KerasWeights::stored(const std::string& name) const {
  return find(name).stored;
}

std::vector<float> KerasWeights::read_floats(const std::string& name) const {
  const Tensor& tensor = find(name);
  auto values = Hdf5File(path_).read_floats(tensor.stored.name, tensor.info.count());
  const auto& shape = tensor.info.shape;
  if (!tensor.parameter) return values;
  if (shape.size() == 4) return turn_kernel(values, shape);
  if (shape.size() == 2) return turn_dense(values, shape[0], shape[1], tensor.channels);
  return values;
}

}  // namespace palimpsest::nn
