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
          &Recogniser::prefix, &Recogniser::nested_features, &Recogniser::caffe_names, &Recogniser::another_depth,
          &Recogniser::head_alone, &Recogniser::single_layer, &Recogniser::another_numbering,
          &Recogniser::unnamed_dense, &Recogniser::strangers})
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

  // The command that renames the tensors; none if the file's names (`theirs`) are not safe in a shell.
  std::string renamed(std::string_view theirs, const std::string& changed) const {
    return conversion::plain(theirs) ? conversion::renamed(file_.path(), changed)
                                     : "save it with names that begin with features. and classifier.";
  }

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
      return (head_needed_ || !is_of_head(n)) &&
             (meaning || (n.find("features.") != std::string::npos && n.ends_with(".weight") && axes(n) == 1));
    });
    if (!name) return std::nullopt;
    const bool as_torchvision = name->find("features.") != std::string::npos;
    return OtherNetwork{fmt::format("has batch normalisation ({}){}", shown(*name),
                                    as_torchvision ? ", as torchvision's vgg16_bn" : ""),
                        "give a VGG16 without it, or fold it into the convolutions"};
  }
  static bool probable_batch(std::string_view name) {
    for (const char* ending : {"running_mean", "running_var", "moving_mean:0", "moving_variance:0", "moving_mean"})
      if (name.ends_with(ending)) return true;
    for (const auto part : path_parts(name))
      if (keras_foreign_layer(part) == "batch normalisation") return true;
    return false;
  }

  Found prefix() const {
    if (!convolutions_missing()) return std::nullopt;
    constexpr std::string_view mark = "features.0.weight";
    std::set<std::string> prefixes;
    for (const auto& name : file_.names())
      if (name.size() > mark.size() && name.ends_with(mark)) prefixes.insert(name.substr(0, name.size() - mark.size()));
    if (prefixes.empty()) return std::nullopt;
    const std::string one = excerpt(*prefixes.begin());
    if (prefixes.size() > 1)
      return OtherNetwork{fmt::format("holds {} networks, whose names begin with '{}'", prefixes.size(),
                                      excerpt(fmt::format("{}", fmt::join(prefixes, "', '")))),
                          "save only one of them, with names that begin with features. and classifier."};
    return OtherNetwork{fmt::format("has names that begin with '{}' ({}) instead of features.0.weight", one,
                                    excerpt(one + std::string(mark))),
                        renamed(one, fmt::format("k.removeprefix('{}')", one))};
  }

  // features.module.0.weight: DataParallel around the convolutions alone
  Found nested_features() const {
    if (!convolutions_missing()) return std::nullopt;
    const auto* name =
        first([](const std::string& n) { return n.starts_with("features.") && n.ends_with(".0.weight"); });
    if (!name) return std::nullopt;
    const std::string nest = excerpt(name->substr(0, name->size() - std::string_view("0.weight").size()));
    return OtherNetwork{
        fmt::format("has names that begin with '{}' ({}) instead of features.0.weight", nest, shown(*name)),
        renamed(nest, fmt::format("k.replace('{}', 'features.')", nest))};
  }

  Found caffe_names() const {
    const auto* name = first([](const std::string& n) {
      return n.find("conv1_1.") != std::string::npos || n.find("conv_1_1.") != std::string::npos;
    });
    if (!name || keras_) return std::nullopt;
    const std::string theirs = name->substr(0, name->rfind('.'));
    const std::string what =
        fmt::format("has the names of VGG-Face or of Caffe's VGG16 ({}) instead of features.0.weight", shown(*name));
    const bool spaced = theirs.ends_with("conv_1_1");
    const std::string prefix =
        theirs.substr(0, theirs.size() - std::string_view(spaced ? "conv_1_1" : "conv1_1").size());
    if (!conversion::plain(prefix)) return OtherNetwork{what, "save it with the names of torchvision"};
    const std::string key = prefix.empty() ? "k" : fmt::format("k.removeprefix('{}')", prefix);
    std::string old_names, new_names;
    for (const auto& layer : layers_with_weights(Architecture{})) {
      static constexpr std::array<const char*, 16> names{"1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1",
                                                         "4_2", "4_3", "5_1", "5_2", "5_3", "6",   "7",   "8"};
      const auto i = std::size_t(std::count(new_names.begin(), new_names.end(), ' '));
      old_names += fmt::format("{}{} ", i < kConvolutions ? (spaced ? "conv_" : "conv") : "fc", names[i]);
      new_names += layer.name + " ";
    }
    return OtherNetwork{
        what, conversion::renamed(file_.path(),
                                  fmt::format("dict(zip('{}'.split(), '{}'.split()))[{}.rsplit('.', 1)[0]] + '.' + "
                                              "k.rsplit('.', 1)[1]",
                                              old_names, new_names, key)) +
                  "; its pictures need --normalisation vggface (faces) or caffe (ImageNet)"};
  }

  Found another_depth() const {
    if (convolutions_missing()) return std::nullopt;
    int count = 0;
    std::string more;
    for (const auto& tensor : contents_.tensors) {
      if (tensor.kind == TensorUse::Kind::left_out || axes(tensor.name) != 4) continue;
      if (!keras_ && !tensor.name.starts_with("features.")) continue;
      ++count;
      if (tensor.kind == TensorUse::Kind::unplaced && more.empty()) more = ", with " + shown(tensor.name);
    }
    const auto depth = count == 8 ? 11 : count == 10 ? 13 : count == 16 ? 19 : 0;
    if (depth == 0) return std::nullopt;
    return OtherNetwork{fmt::format("does not hold a VGG16 but a VGG{}: it has {} convolutions{}", depth, count, more),
                        kAnother};
  }

  Found head_alone() const {
    // Convolutions under other names have four axes.
    const bool convolutions = first([&](const std::string& n) { return axes(n) == 4; });
    if (!convolutions_missing() || convolutions || contents_.head_layers == 0) return std::nullopt;
    return OtherNetwork{"holds only a head, without the convolutions before it", "give the whole network's weights"};
  }

  // The whole head is one layer with the name of the head.
  Found single_layer() const {
    if (convolutions_missing() || keras_ || !head_needed_) return std::nullopt;
    for (const std::string head : {"classifier", "fc", "head", "linear", "output"}) {
      const std::string name = head + ".weight";
      if (!file_.has(name) || axes(name) != 2 || contents_.head_layers > 0) continue;
      const bool pooled = file_.info(name).shape[1] == file_.info("features.28.weight").shape[0];
      return OtherNetwork{
          fmt::format("has a head of one layer called {} instead of classifier.0.weight{}", shown(name),
                      pooled ? "; as it takes one number per channel, it may follow global average pooling, which "
                               "is not supported unless the last block's output is one pixel (pictures of 32 to 63)"
                             : ""),
          conversion::renamed(file_.path(),
                              fmt::format("'classifier.0.' + k.split('.')[1] if k.startswith('{}.') else k", head))};
    }
    return std::nullopt;
  }

  // The numbers in a layer's name, which order layers with otherwise equal names: "fc#" of fc6, fc7 and fc8.
  static std::pair<std::vector<int>, std::string> numbers_in(const std::string& layer) {
    std::vector<int> numbers;
    std::string otherwise;
    for (std::size_t at = 0; at < layer.size();) {
      int number = 0;
      const auto [end, code] = std::from_chars(layer.data() + at, layer.data() + layer.size(), number);
      if (code == std::errc{} && layer[at] != '-') {
        numbers.push_back(number);
        at = std::size_t(end - layer.data());
        if (!otherwise.ends_with('#')) otherwise += '#';
      } else if (layer[at] == '.' && otherwise.ends_with('#')) {
        ++at;
      } else {
        otherwise += layer[at++];
      }
    }
    return {numbers, otherwise};
  }

  // classifier.1, .4 and .6, classifier.6.0 and .6.3, fc1, fc2 and fc3, ... : a Sequential with other layers between,
  // or layers with other names.
  Found another_numbering() const {
    if (convolutions_missing() || keras_ || !head_needed_) return std::nullopt;
    std::vector<std::pair<std::vector<int>, std::string>> layers;  // by their numbers
    std::set<std::string> called;
    for (const auto& name : file_.names()) {
      if (!is_of_head(name) || !name.ends_with(".weight") || axes(name) < 2) continue;
      const std::string layer = name.substr(0, name.rfind('.'));
      auto [order, otherwise] = numbers_in(layer);
      called.insert(std::move(otherwise));
      layers.emplace_back(std::move(order), layer);
    }
    if (called.size() > 1 && !std::ranges::all_of(called, [](const auto& c) { return c.starts_with("classifier."); }))
      return std::nullopt;
    const bool numbers = called.size() == 1 && called.begin()->find('#') != std::string::npos;
    std::sort(layers.begin(), layers.end());
    std::string theirs, ours;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      theirs += layers[i].second + " ";
      ours += fmt::format("classifier.{} ", 3 * i);
    }
    if (layers.empty() || theirs == ours || !contents_.missing.empty()) return std::nullopt;
    theirs.pop_back();
    ours.pop_back();
    const bool plain = numbers && theirs.size() < 200;  // otherwise no command is given
    return OtherNetwork{
        fmt::format("has a head of the layers {} instead of {}", excerpt(theirs, 200), excerpt(ours, 200)),
        !plain ? "name them classifier.0, classifier.3, ... if only ReLU and dropout are between them"
               : "if only ReLU and dropout are between them, " +
                     conversion::renamed(file_.path(),
                                         fmt::format("dict(zip('{}'.split(), '{}'.split())).get(k.rsplit('.', 1)[0], "
                                                     "k.rsplit('.', 1)[0]) + '.' + k.rsplit('.', 1)[1]",
                                                     theirs, ours))};
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
