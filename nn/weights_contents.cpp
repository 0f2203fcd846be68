#include "nn/weights_contents.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/excerpt.h"
#include "nn/keras_layers.h"
#include "nn/keras_weights.h"
#include "nn/layers.h"
#include "nn/other_networks.h"
#include "nn/tensor_names.h"

namespace palimpsest {

namespace {

// The number of consecutive fully connected layers: classifier.0, .3, .6, ...
int count_head_layers(const std::set<std::string>& named) {
  int layers = 0;
  const auto has = [&](const char* which) { return named.contains(fmt::format("classifier.{}{}", 3 * layers, which)); };
  while (has(".weight") || has(".bias")) ++layers;
  return layers;
}

std::vector<std::string> parameters_wanted(int head_layers) {
  std::vector<std::string> names;
  for (const auto& layer : layers_with_weights(Architecture{}))
    if (layer.block < kBlocks) names.push_back(layer.name);
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
std::string missing_name(const TensorFile& file, const std::string& name) {
  if (!dynamic_cast<const KerasWeights*>(&file) || !name.starts_with("features.")) return name;
  const auto layers = layers_with_weights(Architecture{});
  const auto at = std::find_if(layers.begin(), layers.end(),
                               [&](const Layer& layer) { return name.starts_with(layer.name + "."); });
  return fmt::format("{} ({})", name, keras_convolution(int(at - layers.begin())));
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
  std::set<std::string> named;
  for (const auto& name : file.names()) named.insert(parameter_name(name));
  WeightsContents contents;
  contents.head_layers = count_head_layers(named);
  const auto wanted = parameters_wanted(contents.head_layers);
  std::set<std::string> open(wanted.begin(), wanted.end());
  const std::set<std::string> parameters = open;
  for (const auto& name : file.names()) {
    using Kind = TensorUse::Kind;
    const std::string parameter = parameter_name(name);
    if (open.erase(parameter) > 0) {
      contents.tensors.push_back({name, Kind::parameter, parameter});
    } else if (parameters.contains(parameter)) {
      contents.tensors.push_back({name, Kind::unplaced, fmt::format("a duplicate of {}", parameter)});
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

void require_vgg16(const TensorFile& file, const WeightsContents& contents, bool head_needed) {
  if (const auto at = file.metadata().find("content"); at != file.metadata().end() && at->second == "gradients")
    refuse(file, "holds the gradients of a training step, not weights", "give the run's weights.safetensors");
  std::vector<const TensorUse*> unplaced;
  for (const auto* tensor : contents.of(TensorUse::Kind::unplaced))
    if (needed(tensor->name, head_needed)) unplaced.push_back(tensor);
  std::vector<std::string> missing;
  for (const auto& name : contents.missing)
    if (needed(name, head_needed)) missing.push_back(name);
  if (!unplaced.empty() || !missing.empty())
    if (const auto other = other_network(file, contents, head_needed)) refuse(file, other->what, other->remedy);
  if (const auto* const keras = dynamic_cast<const KerasWeights*>(&file)) {
    const auto& objection = keras->objection();
    if (!objection.has.empty() && (head_needed || !objection.in_head))
      refuse(file, objection.has + ", which a VGG16 does not have", objection.remedy);
  }
  // One with several axes is more informative than its bias.
  std::stable_sort(unplaced.begin(), unplaced.end(), [&](const TensorUse* a, const TensorUse* b) {
    return file.info(a->name).shape.size() > file.info(b->name).shape.size();
  });
  const std::string listing = fmt::format("palimpsest weights {} lists all that it has", file.path().string());
  if (!missing.empty())
    refuse(file,
           fmt::format("does not hold a whole VGG16: it has no {}{}{}", missing_name(file, missing.front()),
                       missing.size() > 1 ? fmt::format(" and {} other parameters", missing.size() - 1) : "",
                       unplaced.empty() ? "" : fmt::format(", but {}", with_meaning(file, *unplaced.front()))),
           listing);
  if (!unplaced.empty())
    refuse(file,
           fmt::format("holds {} tensor{} that VGG16 does not have: {}", unplaced.size(),
                       unplaced.size() > 1 ? "s" : "", with_meaning(file, *unplaced.front())),
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

std::string assumption_line(const TensorFile& file, const WeightsContents& contents, bool head_needed) {
  const auto* const keras = dynamic_cast<const KerasWeights*>(&file);
  const bool ours = file.metadata().contains("size") && file.metadata().contains("normalisation");
  std::vector<std::string> assumed;
  if (head_needed && contents.head_layers > 1 && !ours && !(keras && keras->configured()))
    assumed.emplace_back("ReLU between its fully connected layers");
  const std::string last = fmt::format("classifier.{}.weight", 3 * (contents.head_layers - 1));
  if (head_needed && contents.head_layers > 0 && !ours && file.info(stored_name(file, last)).shape[0] == 4096)
    assumed.emplace_back("that its last layer's 4096 outputs are classes (VGG16's inner layers have as many)");
  if (keras && keras->numbered()) assumed.emplace_back("VGG16's order of its layers, which have numbers and no names,");
  if (assumed.empty()) return {};
  return fmt::format("{}: the file does not say it, so {} {} assumed.", file.path().string(),
                     fmt::join(assumed, " and "), assumed.size() > 1 ? "are" : "is");
}

}  // namespace palimpsest
