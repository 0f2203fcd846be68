#include "nn/torch_weights.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/excerpt.h"

namespace palimpsest::nn {

TorchWeights::TorchWeights(std::unique_ptr<TensorFile> file) : file_(std::move(file)) {
  NamesInFile found = names_in_file(*file_);
  layers_ = std::move(found.layers);
  changes_ = file_->changes();
  changes_.insert(changes_.end(), found.changes.begin(), found.changes.end());
  caffe_ = found.caffe;
  std::map<std::string, std::string> names;  // torchvision's, by the file's
  for (const LayerInFile& layer : layers_) {
    const TensorInfo& weight = file_->info(layer.weight);
    sources_[layer.name + ".weight"] = {layer.weight, &layer, false, weight};
    names[layer.weight] = layer.name + ".weight";
    if (!layer.bias.empty()) {
      sources_[layer.name + ".bias"] = {layer.bias, &layer, true, file_->info(layer.bias)};
      names[layer.bias] = layer.name + ".bias";
    } else if (layer.after) {
      sources_[layer.name + ".bias"] = {"", &layer, true, {weight.dtype, {weight.shape[0]}}};
    }
    for (const auto* n : {&layer.before, &layer.after})
      if (*n)
        for (const auto& name : {(*n)->weight, (*n)->bias, (*n)->mean, (*n)->variance})
          if (!name.empty()) fates_[name] = "folded into " + layer.name;
  }
  for (const auto& name : file_->names()) {
    const auto at = names.find(name);
    if (at != names.end())
      names_.push_back(at->second);
    else
      names_.push_back(sources_.contains(name) ? hidden_.emplace("file/" + name, name).first->first : name);
    if (const auto source = sources_.find(names_.back()); source != sources_.end() && !source->second.bias) {
      const std::string bias = source->second.layer->name + ".bias";
      if (source->second.layer->bias.empty() && sources_.contains(bias)) names_.push_back(bias);
    }
  }
}

const TorchWeights::Source* TorchWeights::find(const std::string& name) const {
  const auto at = sources_.find(name);
  return at == sources_.end() ? nullptr : &at->second;
}

const std::string& TorchWeights::in_file(const std::string& name) const {
  const auto at = hidden_.find(name);
  return at == hidden_.end() ? name : at->second;
}

bool TorchWeights::has(const std::string& name) const {
  return find(name) || std::ranges::count(names_, name) > 0;
}

const TensorInfo& TorchWeights::info(const std::string& name) const {
  const Source* const source = find(name);
  return source ? source->info : file_->info(in_file(name));
}

StoredTensor TorchWeights::stored(const std::string& name) const {
  const Source* const source = find(name);
  if (!source) return file_->stored(in_file(name));
  return source->from.empty() ? StoredTensor{name, source->info.shape} : file_->stored(source->from);
}

std::string TorchWeights::fate(const std::string& name) const {
  const auto at = find(name) ? fates_.end() : fates_.find(in_file(name));
  return at == fates_.end() ? std::string() : at->second;
}

std::vector<float> TorchWeights::read_floats(const std::string& name) const {
  const Source* const source = find(name);
  if (!source) return file_->read_floats(in_file(name));
  if (!source->layer->before && !source->layer->after) return file_->read_floats(source->from);
  return folded(*source);
}

std::vector<float> TorchWeights::folded(const Source& source) const {
  const LayerInFile& layer = *source.layer;
  const TensorInfo& info = file_->info(layer.weight);
  const auto outputs = std::size_t(info.shape[0]),
             inputs = std::size_t(info.count()) / std::max<std::size_t>(1, outputs);
  const Affine in = layer.before ? affine_of(*file_, *layer.before, inputs) : Affine(),
               out = layer.after ? affine_of(*file_, *layer.after, outputs) : Affine();
  std::vector<float> weight = file_->read_floats(layer.weight);
  if (!source.bias) {
    fold(weight, outputs, in, out);
    return weight;
  }
  std::vector<float> bias = layer.bias.empty() ? std::vector<float>(outputs) : file_->read_floats(layer.bias);
  if (bias.size() != outputs)
    throw Error(fmt::format("{} has {} values in {}, but its layer has {} outputs", path().string(), bias.size(),
                            excerpt(layer.bias), outputs),
                "save the weights of that network again");
  fold_bias(bias, weight, in, out);
  return bias;
}

}  // namespace palimpsest::nn
