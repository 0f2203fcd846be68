#include "nn/keras_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/excerpt.h"
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

constexpr std::int64_t kPeople = 2622;  // of VGG-Face (Parkhi et al., "Deep face recognition", 2015)

// The groups that have lists of layers.
constexpr std::array<const char*, 2> kLists{"", "model_weights"};

std::vector<std::string> layer_names(const Hdf5File& file) {
  std::vector<std::string> names;
  for (const char* group : kLists)
    for (auto& name : file.texts(group, "layer_names")) names.push_back(std::move(name));
  return names;
}

std::string layer_of(const std::string& parameter) {
  return parameter.substr(0, parameter.rfind('.'));
}

bool is_dense(const std::string& parameter) {
  return parameter.starts_with("classifier.");
}

}  // namespace

KerasWeights::KerasWeights(fs::path path)
    : path_(std::move(path)),
      archive_(is_hdf5(path_) ? nullptr : std::make_unique<KerasArchive>(path_)),
      file_(archive_ ? Hdf5File(path_, archive_->weights()) : Hdf5File(path_)) {
  const auto objects = file_.objects();
  if (!archive_)
    read_configuration(file_.texts("", "model_config"));
  else if (!archive_->configuration().empty())
    read_configuration({archive_->configuration()});
  find_parameters(objects);
  for (const auto& object : objects) {
    if (!object.data) continue;
    const auto parameter = parameters_.names.find(object.name);
    const bool found = parameter != parameters_.names.end();
    if (found) file_.require_weights(object);
    add(found ? parameter->second : object.name, object);
  }
  add_missing_biases();
  read_kinds_of_layers(objects, !has("classifier.0.weight"));
  find_flattened();
  find_sigmoid();
  find_normalisation();
  find_fates();
}

void KerasWeights::read_configuration(const std::vector<std::string>& text) {
  if (text.size() != 1) return;
  configuration_ = read_keras_configuration(text[0]);
  if (configuration_->side > 0) metadata_["size"] = std::to_string(configuration_->side);
  if (configuration_->average) metadata_["pooling"] = "average";
  if (!configuration_->objection.empty())
    objection_ = {"has, in its configuration, " + configuration_->objection, configuration_->objection_in_head};
}

// What the configuration says; else the names, if they place every layer; else the order of the list.
void KerasWeights::find_parameters(const std::vector<Hdf5File::Object>& objects) {
  if (configuration_ && configuration_->objection.empty())
    if (auto found = configured_parameters(objects, *configuration_)) {
      parameters_ = std::move(*found);
      return;
    }
  parameters_ = named_parameters(objects);
  if (places_all(parameters_, objects)) return;
  auto listed = listed_parameters(objects, layer_names(file_));
  if (listed && places_all(*listed, objects)) parameters_ = std::move(*listed);
}

// A dataset that is the same parameter as an earlier one keeps its path as its name and is an objection.
void KerasWeights::add(const std::string& name, const Hdf5File::Object& object) {
  const auto& s = object.info.shape;
  Tensor tensor{object.info, {object.name, s}, 0, name != object.name};
  if (tensor.parameter && s.size() == 4 && is_dense(name))
    tensor.info.shape = {s[3], s[0] * s[1] * s[2]};
  else if (tensor.parameter && s.size() == 4)
    tensor.info.shape = {s[3], s[2], s[0], s[1]};
  if (tensor.parameter && s.size() == 2) tensor.info.shape = {s[1], s[0]};
  const auto [earlier, is_new] = tensors_.emplace(name, tensor);
  if (is_new) return names_.push_back(name);
  if (objection_.has.empty())
    objection_ = {fmt::format("has {} and {}, which are both the layer {}", excerpt(earlier->second.stored.name),
                              excerpt(object.name), layer_of(name)),
                  is_dense(name)};
  tensors_.emplace(object.name, Tensor{object.info, {object.name, s}, 0, false});
  names_.push_back(object.name);
}

// Where a configuration or a list of weights says that a layer has none.
void KerasWeights::add_missing_biases() {
  if (!parameters_.certain) return;
  for (const auto& [path, name] : parameters_.names) {
    const std::string bias = layer_of(name) + ".bias";
    if (!name.ends_with(".weight") || tensors_.contains(bias)) continue;
    const TensorInfo info{"F32", {find(name).info.shape[0]}};
    tensors_.emplace(bias, Tensor{info, {"", info.shape}, 0, true});
    names_.push_back(bias);
  }
}

// Layers without weights are in the list of layers, or are empty groups.
void KerasWeights::read_kinds_of_layers(const std::vector<Hdf5File::Object>& objects, bool convolutions_alone) {
  std::set<std::string, std::less<>> layers;
  for (const auto& object : objects)
    if (!keras_beside_the_layers(object.name))
      for (const auto part : path_parts(object.name)) layers.emplace(part);
  for (auto& name : layer_names(file_)) layers.insert(std::move(name));
  int averages = 0;
  for (const auto& name : layers) {
    flattens_ = flattens_ || name.starts_with("flatten");
    if (keras_is_kind("global_average_pooling2d", name)) ++averages;
  }
  if (configured() && !configuration_->layers.empty() && objection_.has.empty())
    return;  // a configuration describes its layers
  // Only the head can follow global average pooling.
  const bool average = averages == 1 && !flattens_;
  for (const auto& name : layers) {
    const auto kind = keras_foreign_layer(name);
    if (kind.empty() || !objection_.has.empty() || (average && kind == "global average pooling")) continue;
    objection_ = {fmt::format("has {} (its layer '{}')", kind, excerpt(name, 40)), kind.starts_with("global ")};
    if (kind == "batch normalisation")
      objection_.remedy = "save the whole model, with model.save: its configuration says where that layer is";
  }
  if (average) metadata_["pooling"] = "average";
  if (!objection_.has.empty()) return;
  auto weightless = keras_weightless_layers(file_, objects);
  if (parameters_.padded)
    std::erase_if(weightless, [](const auto& name) { return keras_is_kind("zero_padding2d", name); });
  if (const auto found = keras_weightless_objection(weightless, convolutions_alone); !found.empty())
    objection_ = {
        "has " + found, false,
        "if it is a VGG16, save the whole model (model.save('model.keras')), whose configuration describes its layers"};
}

void KerasWeights::find_flattened() {
  const auto first = tensors_.find("classifier.0.weight");
  const std::string last = convolution_names(parameters_.depth).back() + ".weight";
  if (first == tensors_.end() || !has(last) || first->second.info.shape.size() != 2) return;
  const std::int64_t channels = info(last).shape[0], in = first->second.info.shape[1];
  if (in % channels == 0 && in != channels) first->second.channels = channels;
}

void KerasWeights::find_sigmoid() {
  if (!configuration_ || !configuration_->sigmoid) return;
  std::string last;
  for (int layer = 0; has(fmt::format("classifier.{}.weight", layer)); layer += 3)
    last = fmt::format("classifier.{}", layer);
  if (last.empty() || info(last + ".weight").shape[0] != 1) return;
  sigmoid_ = last;
  for (const char* which : {".weight", ".bias"})
    if (const auto at = tensors_.find(last + which); at != tensors_.end()) at->second.info.shape[0] = 2;
}

// VGG-Face has its names or as many outputs as people; its names on ImageNet's classes are Caffe's own network.
void KerasWeights::find_normalisation() {
  const auto face = [](const auto& parameter) {
    const auto parts = path_parts(parameter.first);
    return std::ranges::any_of(parts, [](std::string_view part) {
      const auto known = keras_named_layer(part);
      return known && known->vggface;
    });
  };
  std::int64_t outputs = 0;
  for (int layer = 0; has(fmt::format("classifier.{}.weight", layer)); layer += 3)
    outputs = info(fmt::format("classifier.{}.weight", layer)).shape[0];
  if (outputs == kPeople || (outputs != 1000 && std::ranges::any_of(parameters_.names, face)))
    normalisation_ = "vggface";
}

void KerasWeights::find_fates() {
  for (const auto& [layer, found] : parameters_.normalisations)
    for (const auto* n : {&found.before, &found.after})
      if (*n)
        for (const auto& name : {(*n)->weight, (*n)->bias, (*n)->mean, (*n)->variance})
          if (!name.empty()) fates_[name] = "folded into " + layer;
}

std::string KerasWeights::fate(const std::string& name) const {
  const auto at = fates_.find(name);
  return at == fates_.end() ? std::string() : at->second;
}

std::vector<std::string> KerasWeights::changes() const {
  std::vector<std::string> changes;
  std::set<double> epsilons;
  for (const auto& [layer, found] : parameters_.normalisations)
    for (const auto* n : {&found.before, &found.after})
      if (*n) epsilons.insert((*n)->epsilon);
  if (!epsilons.empty())
    changes.push_back(fmt::format("its batch normalisation is folded into its layers, with its epsilon of {}",
                                  fmt::join(epsilons, " and ")));
  if (!sigmoid_.empty())
    changes.emplace_back("its one output z with a sigmoid becomes the logits (0, z) of two classes");
  if (parameters_.listed) changes.emplace_back("its layers are those of a VGG in the order of the file's list");
  return changes;
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
  const StoredTensor& stored = find(name).stored;
  return stored.name.empty() ? StoredTensor{name, stored.shape} : stored;
}

std::vector<float> KerasWeights::read_floats(const std::string& name) const {
  const Tensor& tensor = find(name);
  const auto at = tensor.parameter ? parameters_.normalisations.find(layer_of(name)) : parameters_.normalisations.end();
  auto values = at == parameters_.normalisations.end() ? in_torch_layout(tensor) : folded(name, at->second);
  if (tensor.parameter && layer_of(name) == sigmoid_) values.insert(values.begin(), values.size(), 0.0F);
  return values;
}

std::vector<float> KerasWeights::in_torch_layout(const Tensor& tensor) const {
  std::int64_t count = 1;
  for (const auto extent : tensor.stored.shape) count *= extent;
  if (tensor.stored.name.empty()) return std::vector<float>(std::size_t(count));
  auto values = file_.read_floats(tensor.stored.name, count);
  const auto& from = tensor.stored.shape;
  if (!tensor.parameter) return values;
  if (from.size() == 4 && tensor.info.shape.size() == 2)
    return turn_dense(values, from[3], from[0] * from[1] * from[2], from[2]);
  if (from.size() == 4) return turn_kernel(values, {from[3], from[2], from[0], from[1]});
  if (from.size() == 2) return turn_dense(values, from[1], from[0], tensor.channels);
  return values;
}

std::vector<float> KerasWeights::folded(const std::string& name, const KerasParameters::Normalisations& n) const {
  const Tensor& kernel = find(layer_of(name) + ".weight");
  auto weight = in_torch_layout(kernel);
  const auto outputs = std::size_t(kernel.stored.shape.back());
  const std::size_t inputs = weight.size() / outputs;
  const Affine out = n.after ? affine_of(*this, *n.after, outputs) : Affine();
  Affine in;
  if (n.before) {  // of each channel of flattened pictures, or of each input
    const auto channels = std::size_t(info(n.before->mean).count());
    in = affine_of(*this, *n.before, channels > 0 && inputs % channels == 0 ? channels : inputs);
  }
  if (name.ends_with(".weight")) {
    fold(weight, outputs, in, out);
    return weight;
  }
  auto bias = in_torch_layout(find(name));
  if (bias.size() != outputs)
    throw Error(fmt::format("{} has {} values in {}, but its layer has {} outputs", path_.string(), bias.size(),
                            excerpt(find(name).stored.name), outputs),
                "save the model again with Keras");
  fold_bias(bias, weight, in, out);
  return bias;
}

}  // namespace palimpsest::nn
