#include "nn/other_networks.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/excerpt.h"
#include "nn/conversion.h"
#include "nn/keras_layers.h"
#include "nn/keras_weights.h"
#include "nn/layers.h"
#include "nn/tensor_names.h"

namespace palimpsest::nn {

namespace {

using Found = std::optional<OtherNetwork>;

constexpr const char* kAnother = "give the weights of a VGG16";

class Recogniser {
 public:
  Recogniser(const TensorFile& file, const WeightsContents& contents, bool head_needed)
      : file_(file), contents_(contents), head_needed_(head_needed), keras_(dynamic_cast<const KerasWeights*>(&file)) {}

  Found recognise() const {
    if (file_.names().empty()) return OtherNetwork{"holds no tensor", "copy or download it again"};
    using Check = Found (Recogniser::*)() const;
    for (const Check check :
         {&Recogniser::one_of_several_files, &Recogniser::another_family, &Recogniser::batch_normalisation,
          &Recogniser::several_networks, &Recogniser::another_depth, &Recogniser::head_alone,
          &Recogniser::head_in_doubt, &Recogniser::unnamed_dense, &Recogniser::strangers})
      if (auto found = (this->*check)()) return found;
    return std::nullopt;
  }

 private:
  bool missing(std::string_view parameter) const {
    return std::find(contents_.missing.begin(), contents_.missing.end(), parameter) != contents_.missing.end();
  }
  bool convolutions_missing() const { return missing("features.0.weight"); }
  std::size_t axes(const std::string& name) const { return file_.info(name).shape.size(); }
  template <class Predicate>
  const std::string* first(Predicate&& predicate) const {
    const auto& names = file_.names();
    const auto at = std::find_if(names.begin(), names.end(), predicate);
    return at == names.end() ? nullptr : &*at;
  }
  const std::string* containing(std::string_view part) const {
    return first([&](const std::string& name) { return name.find(part) != std::string::npos; });
  }
  std::string shown(const std::string& name) const { return described(file_, name); }

  // model-00001-of-00003.safetensors
  Found one_of_several_files() const {
    const std::string stem = file_.path().stem().string();
    const auto at = stem.rfind("-of-");
    if (at == std::string::npos) return std::nullopt;
    int count = 0;
    std::from_chars(stem.data() + at + 4, stem.data() + stem.size(), count);
    if (count < 2) return std::nullopt;
    return OtherNetwork{fmt::format("is one of {} files that together hold the weights", count),
                        conversion::shards(file_.path())};
  }

  Found another_family() const {
    if (!convolutions_missing() || containing("features.0.weight")) return std::nullopt;
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> marks{
        {{"layer1.0.", "a ResNet"},
         {"conv2_block1_", "a ResNet"},
         {"denseblock", "a DenseNet"},
         {"features.0.0.", "a MobileNet or EfficientNet"},
         {"expanded_conv", "a MobileNet"},
         {"Mixed_5b", "an Inception network"},
         {"sepconv1", "an Xception"},
         {"attn.", "a transformer"},
         {"attention", "a transformer"}}};
    for (const auto& [mark, kind] : marks)
      if (const auto* name = containing(mark))
        return OtherNetwork{fmt::format("does not hold a VGG16 but {} ({})", kind, shown(*name)), kAnother};
    return std::nullopt;
  }

  Found batch_normalisation() const {
    const auto* name = first([&](const std::string& n) {
      const auto meaning = probable_batch(n);
      return (head_needed_ || !is_of_head(n)) && file_.fate(n).empty() &&
             (meaning || (n.find("features.") != std::string::npos && n.ends_with(".weight") && axes(n) == 1));
    });
    if (!name) return std::nullopt;
    const bool as_torchvision = name->find("features.") != std::string::npos;
    return OtherNetwork{fmt::format("has batch normalisation ({}){}", shown(*name),
                                    as_torchvision ? ", as torchvision's vgg16_bn" : ""),
                        keras_ && !keras_->configured()
                            ? "save the whole model, with model.save: its configuration says where that layer is"
                            : "give a VGG16 without it, or fold it into the convolutions"};
  }
  static bool probable_batch(std::string_view name) {
    for (const char* ending : {"running_mean", "running_var", "moving_mean:0", "moving_variance:0", "moving_mean"})
      if (name.ends_with(ending)) return true;
    for (const auto part : path_parts(name))
      if (keras_foreign_layer(part) == "batch normalisation") return true;
    return false;
  }

  Found several_networks() const {
    if (!convolutions_missing()) return std::nullopt;
    std::set<std::string> prefixes;
    for (const std::string_view mark : {"features.0.weight", "conv1_1.weight", "conv_1_1.weight"})
      for (const auto& name : file_.names())
        if (name.ends_with(mark)) prefixes.insert(name.substr(0, name.size() - mark.size()));
    if (prefixes.size() < 2) return std::nullopt;
    return OtherNetwork{fmt::format("holds {} networks, whose names begin with '{}'", prefixes.size(),
                                    excerpt(fmt::format("{}", fmt::join(prefixes, "', '")))),
                        "save only one of them"};
  }

  Found another_depth() const {
    if (convolutions_missing() || (keras_ && !keras_->objection().has.empty())) return std::nullopt;
    int count = 0;
    std::string more;
    for (const auto& tensor : contents_.tensors) {
      if (tensor.kind == TensorUse::Kind::left_out || axes(tensor.name) != 4 || is_of_head(tensor.name)) continue;
      if (!keras_ && !tensor.name.starts_with("features.")) continue;
      ++count;
      if (tensor.kind == TensorUse::Kind::unplaced && more.empty()) more = fmt::format(" ({})", shown(tensor.name));
    }
    if (depth_with(count) > 0) return std::nullopt;
    return OtherNetwork{fmt::format("holds {} convolutions{}, but VGGs have 8, 10, 13 or 16", count, more), kAnother};
  }

  Found head_alone() const {
    // Convolutions under other names have four axes.
    const bool convolutions = first([&](const std::string& n) { return axes(n) == 4; });
    if (!convolutions_missing() || convolutions || contents_.head_layers == 0) return std::nullopt;
    return OtherNetwork{"holds only a head, without the convolutions before it", "give the whole network's weights"};
  }

  // Fully connected layers whose order, or what is between them, is not certain.
  Found head_in_doubt() const {
    if (convolutions_missing() || keras_ || !head_needed_) return std::nullopt;
    std::vector<std::string> layers;
    for (const auto* tensor : contents_.of(TensorUse::Kind::unplaced))
      if (tensor->name.ends_with(".weight") && axes(tensor->name) == 2) layers.push_back(shown(tensor->name));
    if (layers.empty()) return std::nullopt;
    return OtherNetwork{fmt::format("has a head whose order is not known, or that has no ReLU between its layers: {}",
                                    excerpt(fmt::format("{}", fmt::join(layers, ", ")), 200)),
                        "name its layers classifier.0, classifier.3, ... if only ReLU and dropout are between them"};
  }

  // Keras' automatic names do not show the order of the layers.
  Found unnamed_dense() const {
    if (convolutions_missing() || !keras_ || !head_needed_) return std::nullopt;
    std::vector<std::string> dense;
    for (const auto* tensor : contents_.of(TensorUse::Kind::unplaced)) {
      const auto parts = path_parts(tensor->name);
      if (axes(tensor->name) == 2 && parts.size() >= 2) dense.push_back(shown(tensor->name));
    }
    if (dense.empty()) return std::nullopt;
    const bool four = dense.size() + std::size_t(contents_.head_layers) > 3;
    const bool whole_model = file_.names().front().starts_with("model_weights") || containing("model_weights/");
    return OtherNetwork{
        fmt::format("has dense layers other than fc1, fc2 and predictions, whose position is not known: {}",
                    excerpt(fmt::format("{}", fmt::join(dense, ", ")), 300)),
        four          ? "save it as safetensors with the names of torchvision, its dense layers transposed and called "
                        "classifier.0, classifier.3, classifier.6, classifier.9, ..."
        : whole_model ? conversion::keras_3(file_.path())
                      : "call its dense layers fc1, fc2 and predictions in Keras and save the weights again"};
  }

  Found strangers() const {
    if (!convolutions_missing()) return std::nullopt;
    std::vector<std::string> names;
    for (const bool convolutions : {true, false})  // the most informative ones
      for (const auto& name : file_.names())
        if (names.size() < 4 && (axes(name) == 4) == convolutions) names.push_back(shown(name));
    const std::string list = fmt::format("{}{}", fmt::join(names, ", "), file_.names().size() > 4 ? ", ..." : "");
    if (keras_)
      return OtherNetwork{fmt::format("does not hold a VGG16: it has no layer called block1_conv1, ..., fc1, fc2 or "
                                      "predictions, but {}",
                                      excerpt(list, 300)),
                          "save the weights of a keras.applications VGG16 with save_weights"};
    return OtherNetwork{
        fmt::format("does not hold a VGG16: it has no features.0.weight, but {}", excerpt(list, 300)),
        "give weights with the names of torchvision (features.0.weight ... classifier.6.bias), timm or Keras"};
  }

  const TensorFile& file_;
  const WeightsContents& contents_;
  bool head_needed_;
  const KerasWeights* keras_;
};

}  // namespace

std::optional<OtherNetwork> other_network(const TensorFile& file, const WeightsContents& contents, bool head_needed) {
  return Recogniser(file, contents, head_needed).recognise();
}

}  // namespace palimpsest::nn
