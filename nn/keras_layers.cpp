#include "nn/keras_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "nn/architecture.h"

namespace palimpsest::nn {

namespace {

// keras.applications' names, and those of VGG-Face, which are Caffe's.
constexpr std::array<std::string_view, 3> dense_layers{"fc1", "fc2", "predictions"};
constexpr std::array<std::string_view, 3> face_dense_layers{"fc6", "fc7", "fc8"};

template <std::size_t N>
std::optional<int> position(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return int(i);
  return std::nullopt;
}

// "block3_conv2" or "conv3_2"; most convolutions in a block: 4
std::optional<KerasParameter> convolution_named(std::string_view name) {
  const bool face = name.starts_with("conv");
  if (!face && !name.starts_with("block")) return std::nullopt;
  name.remove_prefix(face ? 4 : 5);
  const std::string_view between = face ? "_" : "_conv";
  if (name.size() != between.size() + 2 || name.substr(1, between.size()) != between) return std::nullopt;
  const int block = name.front() - '1', number = name.back() - '1';
  if (block < 0 || block >= kBlocks || number < 0 || number >= 4) return std::nullopt;
  return KerasParameter{.block = block, .number = number, .vggface = face};
}

// Keras counts layers of one class: conv2d, conv2d_1, conv2d_2, ...
std::optional<int> numbered(std::string_view kind, std::string_view name) {
  if (!name.starts_with(kind)) return std::nullopt;
  name.remove_prefix(kind.size());
  if (name.empty()) return 0;
  int number = 0;
  const auto [end, code] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  const bool whole = code == std::errc{} && end == name.data() + name.size();
  return name[0] == '_' && whole && number > 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

std::vector<std::string_view> path_parts(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

std::string_view keras_variable(std::string_view name) {
  name = name.substr(0, name.find(':'));
  if (const auto last = name.find_last_not_of("0123456789");
      last != std::string_view::npos && last + 1 < name.size() && name[last] == '_')
    name = name.substr(0, last);
  using Spelling = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Spelling, 8> spellings{{{"kernel", "kernel"},
                                                      {"W", "kernel"},
                                                      {"bias", "bias"},
                                                      {"b", "bias"},
                                                      {"gamma", "gamma"},
                                                      {"beta", "beta"},
                                                      {"moving_mean", "moving_mean"},
                                                      {"moving_variance", "moving_variance"}}};
  for (const auto& [word, variable] : spellings)
    if (name == word || (name.ends_with(word) && name[name.size() - word.size() - 1] == '_')) return variable;
  return {};
}

bool keras_is_structure(std::string_view part) {
  static constexpr std::array<std::string_view, 8> parts{"vars",
                                                         "layers",
                                                         "_layer_checkpoint_dependencies",
                                                         "top_level_model_weights",
                                                         "model_weights",
                                                         "seed_generator",
                                                         "_random_generator",
                                                         "generator"};
  return std::ranges::count(parts, part) > 0;
}

bool keras_counted_before(std::string_view first, std::string_view second) {
  const auto kind = first.substr(0, first.find_last_not_of("0123456789_") + 1);
  const auto a = numbered(kind, first), b = numbered(kind, second);
  return !kind.empty() && a && b && *a < *b;
}

std::string keras_convolution(int block, int number) {
  return fmt::format("block{}_conv{}", block + 1, number + 1);
}

std::optional<KerasParameter> keras_named_layer(std::string_view name) {
  if (const auto found = convolution_named(name)) return found;
  if (const auto at = position(dense_layers, name)) return KerasParameter{.dense = true, .number = *at};
  if (const auto at = position(face_dense_layers, name))
    return KerasParameter{.dense = true, .number = *at, .vggface = true};
  return std::nullopt;
}

std::optional<KerasParameter> keras_parameter(std::string_view path) {
  const auto parts = path_parts(path);
  if (parts.size() < 2) return std::nullopt;
  const bool keras3 = parts.size() >= 3 && parts[parts.size() - 2] == "vars";
  const std::string_view variable = keras3 ? parts.back() : keras_variable(parts.back());
  const bool bias = variable == (keras3 ? "1" : "bias");
  if (!bias && variable != (keras3 ? "0" : "kernel")) return std::nullopt;
  std::optional<KerasParameter> found;
  for (const auto part : parts) {
    if (part.starts_with("optimizer")) return std::nullopt;
    if (!found) found = keras_named_layer(part);
    if (found || !keras3) continue;
    if (const auto at = numbered("conv2d", part); at && *at < 16)
      found = KerasParameter{.number = *at, .numbered = true};
    else if (const auto dense = numbered("dense", part); dense && *dense < 100)
      found = KerasParameter{.dense = true, .number = *dense, .numbered = true};
  }
  if (found) found->bias = bias;
  return found;
}

bool keras_is_kind(std::string_view kind, std::string_view name) {
  return numbered(kind, name).has_value();
}

// A whole model stores the optimiser's and the metrics' state beside the layers.
bool keras_beside_the_layers(std::string_view path) {
  const auto first = path.substr(0, path.find('/'));
  return first.starts_with("optimizer") || first.ends_with("metrics");
}

std::string_view keras_foreign_layer(std::string_view name) {
  using Kind = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Kind, 32> kinds{{{"batch_normalization", "batch normalisation"},
                                               {"sync_batch_normalization", "batch normalisation"},
                                               {"layer_normalization", "layer normalisation"},
                                               {"group_normalization", "group normalisation"},
                                               {"spectral_normalization", "spectral normalisation"},
                                               {"unit_normalization", "unit normalisation"},
                                               {"normalization", "a normalisation of the pictures"},
                                               {"rescaling", "a rescaling of the pictures"},
                                               {"resizing", "a resizing of the pictures"},
                                               {"center_crop", "a cropping of the pictures"},
                                               {"cropping2d", "a cropping of the pictures"},
                                               {"global_average_pooling2d", "global average pooling"},
                                               {"global_max_pooling2d", "global max pooling"},
                                               {"average_pooling2d", "average pooling"},
                                               {"up_sampling2d", "upsampling"},
                                               {"conv2d_transpose", "a transposed convolution"},
                                               {"separable_conv2d", "a separable convolution"},
                                               {"depthwise_conv2d", "a depthwise convolution"},
                                               {"conv1d", "a convolution in one dimension"},
                                               {"conv3d", "a convolution in three dimensions"},
                                               {"p_re_lu", "PReLU"},
                                               {"leaky_re_lu", "leaky ReLU"},
                                               {"elu", "ELU"},
                                               {"thresholded_re_lu", "a thresholded ReLU"},
                                               {"lambda", "a Lambda layer"},
                                               {"add", "a sum of layers"},
                                               {"multiply", "a product of layers"},
                                               {"average", "a mean of layers"},
                                               {"concatenate", "a concatenation of layers"},
                                               {"attention", "attention"},
                                               {"multi_head_attention", "attention"},
                                               {"lstm", "a recurrent layer"}}};
  const auto at = std::find_if(kinds.begin(), kinds.end(),
                               [&](const Kind& kind) { return numbered(kind.first, name).has_value(); });
  return at == kinds.end() ? std::string_view() : at->second;
}

}  // namespace palimpsest::nn
