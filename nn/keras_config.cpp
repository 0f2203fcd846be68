#include "nn/keras_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/excerpt.h"
#include "nn/keras_json.h"
#include "nn/keras_layers.h"
#include "nn/layers.h"

namespace palimpsest::nn {

namespace {

using namespace keras;

// Up to the fifth pooling: a head can have convolutions too.
struct Counts {
  int convolutions = 0, poolings = 0;
};
void count(const Json& model, Counts& counts) {
  const std::string kind = text(model, "class_name");
  if (counts.poolings == kBlocks) return;
  if (kind == "Conv2D" || kind == "Convolution2D") ++counts.convolutions;
  if (kind == "MaxPooling2D") ++counts.poolings;
  if (model.is_structured())
    for (const Json& inner : model) count(inner, counts);
}

// Compares the layers, in order, with a VGG's.
class Comparison {
 public:
  explicit Comparison(int depth) : vgg_(layers_of({.depth = depth})) {}

  KerasConfiguration compare(const Json& model) {
    walk(model);
    finish();
    return result_;
  }

 private:
  void object(const std::string& to) {
    if (!result_.objection.empty()) return;
    result_.objection = to;
    result_.objection_in_head = next_->block == kBlocks;
  }
  void object_to(const Json& layer, const std::string& why = {}) {
    const std::string kind = text(layer, "class_name");
    object(fmt::format("the layer '{}' ({}){}{}", excerpt(name_of(layer), 40), excerpt(kind, 40),
                       why.empty() ? "" : " with ", why));
  }
  static std::string name_of(const Json& layer) {
    const Json* const config = member(layer, "config");
    return config && !text(*config, "name").empty() ? text(*config, "name") : text(layer, "name");
  }

  static bool is_model(const std::string& kind) {
    return kind == "Functional" || kind == "Sequential" || kind == "Model";
  }

  void walk(const Json& model) {
    const Json* const config = member(model, "config");
    const Json* const layers = config && config->is_array() ? config : config ? member(*config, "layers") : nullptr;
    if (!is_model(text(model, "class_name")) || !layers || !layers->is_array()) return object("no list of layers");
    for (const char* ends : {"input_layers", "output_layers"})
      if (const Json* const list = member(*config, ends);
          list && list->is_array() && list->size() > 1 && (*list)[0].is_array())
        object(fmt::format("{} {}", list->size(), ends[0] == 'i' ? "inputs" : "outputs"));
    std::string before;
    std::map<std::string, int> of_class;
    for (const Json& layer : *layers) {
      const std::string kind = text(layer, "class_name");
      require_follows(layer, before);
      before = name_of(layer);
      enter(before, kind, of_class[kind]++);
      is_model(kind) ? walk(layer) : visit(layer);
      leave();
      if (!result_.objection.empty()) return;
    }
  }
  void enter(const std::string& name, const std::string& kind, int before) {
    place_.names.push_back(name);
    place_.counted.push_back(before == 0 ? snake_case(kind) : fmt::format("{}_{}", snake_case(kind), before));
  }
  void leave() {
    place_.names.pop_back();
    place_.counted.pop_back();
  }

  // Layers that a layer takes its input from, in the spellings of Keras 1 and 2 (["fc1", 0, 0, {}]) and Keras 3
  // ("keras_history": ["fc1", 0, 0]).
  static void sources(const Json& value, std::vector<std::string>& names) {
    const bool one =
        value.is_array() && value.size() >= 3 && value[0].is_string() && value[1].is_number() && value[2].is_number();
    if (one) return names.push_back(value[0].get<std::string>());
    if (value.is_structured())
      for (const Json& inner : value) sources(inner, names);
  }
  void require_follows(const Json& layer, const std::string& before) {
    std::vector<std::string> from;
    if (const Json* const nodes = member(layer, "inbound_nodes")) sources(*nodes, from);
    if (from.size() > 1 || (from.size() == 1 && from[0] != before))
      object_to(layer, "an input other than the layer before it");
  }

  // At prediction. Not RandomCrop, which crops then too.
  static bool without_effect(std::string_view kind) {
    static constexpr std::array<std::string_view, 15> kinds{
        "Dropout",           "SpatialDropout2D", "GaussianNoise", "GaussianDropout",        "AlphaDropout",
        "RandomFlip",        "RandomRotation",   "RandomZoom",    "RandomContrast",         "RandomBrightness",
        "RandomTranslation", "RandomHeight",     "RandomWidth",   "ActivityRegularization", "Identity"};
    return std::ranges::count(kinds, kind) > 0;
  }

  void visit(const Json& layer) {
    static const Json none = Json::object();
    const std::string kind = text(layer, "class_name");
    const Json* const found = member(layer, "config");
    const Json& config = found ? *found : none;
    for (const char* key : {"batch_shape", "batch_input_shape"})
      if (const Json* const shape = member(config, key); shape && convolutions_ == 0 && kind != "Flatten")
        take_shape(*shape);
    if (kind == "InputLayer" || without_effect(kind)) return;
    if (kind == "Conv2D" || kind == "Convolution2D") return convolution(layer, config);
    if (padded_) return object_to(layer, "padded pictures");
    if (kind == "ZeroPadding2D") return zero_padding(layer, config);
    if (kind == "MaxPooling2D") return pooling(layer, config);
    if (kind == "Flatten") return flatten(layer, config);
    if (kind == "GlobalAveragePooling2D") return average(layer, config);
    if (kind == "Dense") return dense(layer, config);
    if (kind == "BatchNormalization") return normalisation(layer, config);
    if (kind == "Activation") return activation(layer, activation_of(config));
    if (kind == "Softmax") return activation(layer, "softmax");
    if (kind == "ReLU" && is_plain_relu(config)) return activation(layer, "relu");
    object_to(layer);
  }

  void take_shape(const Json& shape) {
    if (side_seen_ || !shape.is_array() || shape.size() != 4) return;
    const auto extent_is = [&](std::size_t axis, int extent) {
      return shape[axis].is_number_integer() && shape[axis].get<std::int64_t>() == extent;
    };
    if (extent_is(1, 3) && !extent_is(3, 3)) return object("pictures with their channels first");
    if (!extent_is(3, 3)) return object("pictures of other than 3 channels");
    if (!shape[1].is_number_integer() || !shape[2].is_number_integer()) return;
    side_seen_ = true;
    if (shape[1] != shape[2]) return object("pictures that are not square");
    if (shape[1] < 32 || shape[1] > 1024) return object("pictures smaller than 32 or larger than 1024");
    result_.side = shape[1].get<int>();
  }

  static bool channels_last(const Json& config) {
    return is_or_absent(config, "data_format", "channels_last") && is_or_absent(config, "dim_ordering", "tf");
  }

  void convolution(const Json& layer, const Json& config) {
    after(layer, "relu");
    const bool head = next_->block == kBlocks;
    const bool valid = std::exchange(padded_, false) || head;  // Keras' default
    const auto padding_is = [&](const char* key) { return text(config, key) == (valid ? "valid" : "same"); };
    const bool stated = member(config, "padding") || member(config, "border_mode");
    bool good = channels_last(config) && (stated ? padding_is("padding") || padding_is("border_mode") : valid);
    for (const char* key : {"strides", "subsample", "dilation_rate", "groups"}) good = good && all_are(config, key, 1);
    const int kernel = next_->kind == Layer::Kind::flatten ? result_.side / 32 : head ? 1 : 3;
    for (const char* key : {"kernel_size", "nb_row", "nb_col"})
      good = good && (kernel == 0 || all_are(config, key, kernel));
    if (!good) return object_to(layer, "another kernel, stride, padding or order of axes");
    if (head) return convolution_in_head(layer, config);
    if (next_->kind != Layer::Kind::convolution) return object_to(layer, "no place in VGG16");
    number_in_block_ =
        next_ != vgg_.begin() && std::prev(next_)->kind == Layer::Kind::convolution ? number_in_block_ + 1 : 0;
    require_place(layer, false);
    ++convolutions_;
    add(next_->name, config);
    ++next_;
  }

  // Over all places of the picture: a fully connected layer, flattened later.
  void convolution_in_head(const Json& layer, const Json& config) {
    if (next_->kind == Layer::Kind::flatten) {
      flattens_later_ = true;
      ++next_;
    }
    if (!flattens_later_) return object_to(layer, "another place than in VGG16");
    fully_connected(layer, config, {"filters", "nb_filter"});
  }

  void zero_padding(const Json& layer, const Json& config) {
    const Json* const padding = member(config, "padding");
    const bool one = !padding || *padding == 1 || *padding == Json{1, 1} || *padding == Json{{1, 1}, {1, 1}};
    if (!one || !channels_last(config) || next_->kind != Layer::Kind::convolution || padded_)
      return object_to(layer, "another place or width than the padding of VGG16's convolutions");
    padded_ = true;
  }

  void pooling(const Json& layer, const Json& config) {
    after(layer, "relu");
    const bool good = channels_last(config) && all_are(config, "pool_size", 2) && all_are(config, "strides", 2) &&
                      is_or_absent(config, "padding", "valid") && is_or_absent(config, "border_mode", "valid");
    if (!good) return object_to(layer, "another window, stride or padding");
    if (next_->kind != Layer::Kind::max_pool) return object_to(layer, "another place than in VGG16");
    ++next_;
  }

  void flatten(const Json& layer, const Json& config) {
    if (channels_last(config) && std::exchange(flattens_later_, false)) return;
    if (result_.average && dense_ == 0) return;  // already flat
    after(layer, "relu");
    if (!channels_last(config) || next_->kind != Layer::Kind::flatten)
      return object_to(layer, "another place than in VGG16");
    ++next_;
  }

  void dense(const Json& layer, const Json& config) {
    after(layer, "relu");
    if (next_->kind != Layer::Kind::linear || flattens_later_) return object_to(layer, "another place than in VGG16");
    fully_connected(layer, config, {"units", "output_dim"});
  }
  void fully_connected(const Json& layer, const Json& config, const std::array<const char*, 2>& outputs) {
    require_place(layer, true);
    add(fmt::format("classifier.{}", 3 * dense_++), config);
    result_.layers.back().before = std::exchange(pending_, {});
    one_output_ = number_of(config, outputs[0], number_of(config, outputs[1], 0)) == 1;
  }
  void add(std::string name, const Json& config) {
    result_.layers.push_back(
        {std::move(name), place_, not_false(config, "use_bias") && not_false(config, "bias"), {}, {}});
    last_ = activation_of(config);
  }

  void average(const Json& layer, const Json& config) {
    after(layer, "relu");
    const Json* const keep = member(config, "keepdims");
    if (!channels_last(config) || next_->kind != Layer::Kind::flatten || (keep && *keep != false))
      return object_to(layer, "another place than before the head");
    result_.average = true;
    ++next_;
  }

  // Directly after a layer: on its output. Else on the input of the next one, if that is fully connected: the padding
  // of a convolution is not normalised.
  void normalisation(const Json& layer, const Json& config) {
    const Json* const axis = member(config, "axis");
    const Json& number = axis && axis->is_array() && axis->size() == 1 ? (*axis)[0] : axis ? *axis : config;
    const int channels = next_->kind == Layer::Kind::linear ? 1 : 3;
    if (axis && number != -1 && number != channels) return object_to(layer, "another axis than the channels");
    KerasNormalisation found{place_, number_of(config, "epsilon", 1e-3), not_false(config, "scale"),
                             not_false(config, "center")};
    if (!(found.epsilon > 0)) return object_to(layer, "an epsilon that is not positive");
    if (last_ == "linear" && !result_.layers.back().after)
      result_.layers.back().after = std::move(found);
    else if ((last_.empty() || last_ == "relu") && next_->block == kBlocks && !pending_)
      pending_ = std::move(found);
    else
      object_to(layer, "a place where it cannot be folded into a layer");
  }

  void activation(const Json& layer, const std::string& function) {
    if (function == "linear") return;
    if (last_ != "linear") return object_to(layer, "another place than in VGG16");
    last_ = function;
  }

  // Layers with weights are found by name; the configuration must have them in the same order.
  void require_place(const Json& layer, bool dense) {
    const auto known = keras_named_layer(name_of(layer));
    if (!known) return;
    const bool in_order =
        dense ? known->number > last_dense_ : known->block == next_->block && known->number == number_in_block_;
    if (known->dense != dense || !in_order) object_to(layer, "another place than its name says");
    if (dense) last_dense_ = known->number;
  }

  // What must follow the preceding layer with weights.
  void after(const Json& layer, std::string_view wanted) {
    if (!last_.empty() && last_ != wanted)
      object(
          fmt::format("'{}' instead of ReLU before the layer '{}'", excerpt(last_, 40), excerpt(name_of(layer), 40)));
    last_.clear();
  }

  void finish() {
    if (pending_) object("batch normalisation after its last layer");
    const auto all = std::ranges::count(vgg_, Layer::Kind::convolution, &Layer::kind);
    if (convolutions_ > 0 && convolutions_ != all) object("fewer layers than VGG16");
    if (last_.empty() || (dense_ == 0 && last_ == "relu")) return;
    result_.sigmoid = last_ == "sigmoid" && one_output_;
    if (dense_ == 0 || (last_ != "softmax" && last_ != "linear" && !result_.sigmoid))
      object(fmt::format("'{}' after the last layer, where VGG16 has softmax", excerpt(last_, 40)));
  }

  KerasConfiguration result_;
  const std::vector<Layer> vgg_;
  std::vector<Layer>::const_iterator next_ = vgg_.begin();  // stops at the first fully connected layer
  int convolutions_ = 0, number_in_block_ = 0, dense_ = 0, last_dense_ = -1;
  bool side_seen_ = false, one_output_ = false;
  bool padded_ = false;                        // for the next layer, a convolution
  bool flattens_later_ = false;                // the head is made of convolutions so far
  KerasPlace place_;                           // of the layer that is visited
  std::optional<KerasNormalisation> pending_;  // for the next layer
  std::string last_;                           // what follows the latest layer with weights; empty: settled
};

}  // namespace

KerasConfiguration read_keras_configuration(std::string_view json) {
  const Json model = parsed(json);
  if (!model.is_object()) return {.objection = "invalid JSON", .layers = {}};
  Counts counts;
  count(model, counts);
  const int depth = depth_with(counts.convolutions);
  return Comparison(depth > 0 ? depth : 16).compare(model);
}

}  // namespace palimpsest::nn
