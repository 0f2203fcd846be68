#include "nn/tensor_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "nn/keras_layers.h"

namespace palimpsest::nn {

namespace {

// "optimizer.state/0" -> optimizer, state, 0; in lower case, without Keras' ":0".
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  for (const char c : name.substr(0, name.find(':'))) {
    if (c == '.' || c == '/')
      words.emplace_back();
    else
      words.back() += char(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool of_optimiser(const std::string& word) {
  return word.starts_with("optimizer") || word.starts_with("optimiser") ||
         one_of(word, {"optim", "opt_state", "adam", "adamw", "sgd", "rmsprop", "exp_avg", "exp_avg_sq",
                       "momentum_buffer", "lr_scheduler", "scheduler", "scaler", "grad_scaler"});
}

bool of_moving_average(const std::string& word) {
  return one_of(word, {"ema", "ema_model", "model_ema", "ema_state_dict", "state_dict_ema", "ema_params",
                       "shadow_params", "swa_model", "averaged_model"});
}

bool is_counter(const std::string& word) {
  return one_of(word, {"num_batches_tracked", "n_averaged", "step", "steps", "global_step", "epoch", "epochs", "iter",
                       "iteration", "iterations", "num_updates", "version"});
}

bool of_loss(const std::string& word) {
  return one_of(word, {"loss", "loss_fn", "loss_func", "criterion", "class_weights"});
}

// Names of variables that change a layer's result even with one axis: a bias, a normalisation's scale.
bool of_layer(const std::vector<std::string>& words) {
  const std::string& last = words.back();
  const bool keras3 = words.size() >= 2 && words[words.size() - 2] == "vars";
  return keras3 || one_of(words.front(), {"features", "classifier", "pre_logits", "head", "fc"}) ||
         one_of(last, {"weight", "bias", "kernel", "gamma", "beta", "alpha", "mean", "std", "var", "variance", "w", "b",
                       "weight_g", "weight_v", "weight_u"}) ||
         last.ends_with("_mean") || last.ends_with("_std") || last.ends_with("_var") || last.ends_with("_variance");
}

}  // namespace

std::string reason_to_leave_out(const std::string& name, const TensorInfo& info) {
  const auto words = words_of(name);
  const bool small = info.shape.size() <= 1;
  if (info.count() == 0) return "empty";
  if (info.dtype == "text") return "text";
  if (std::any_of(words.begin(), words.end(), of_optimiser)) return "optimiser state";
  if (std::any_of(words.begin(), words.end(), of_moving_average)) return "a moving average of the weights";
  if (info.count() == 1 && is_counter(words.back())) return "a counter";
  if (small && std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return one_of(word, {"seed_generator", "seed_generators", "seed_generator_state", "rng_state"});
      }))
    return "random number generator state";
  if (words.front().ends_with("metrics")) return "a metric";
  if (small && std::any_of(words.begin(), words.end(), of_loss)) return "part of a loss";
  return small && !of_layer(words) ? "unknown, with at most one axis" : "";
}

std::string probable_meaning(const std::string& name) {
  const auto words = words_of(name);
  const std::string& last = words.back();
  const auto any = [&](auto&& predicate) { return std::any_of(words.begin(), words.end(), predicate); };
  for (const auto& word : words)
    if (const auto kind = keras_foreign_layer(word); !kind.empty()) return std::string(kind);
  if (one_of(last, {"running_mean", "running_var", "moving_mean", "moving_variance"})) return "batch normalisation";
  if (one_of(last, {"gamma", "beta"})) return "a normalisation";
  if (one_of(last, {"weight_g", "weight_v"})) return "weight normalisation";
  if (one_of(last, {"weight_orig", "weight_mask", "weight_u"})) return "a pruned or spectrally normalised weight";
  if (any([](const std::string& word) { return word.starts_with("parametrizations"); }))
    return "a reparametrised weight";
  if (any([](const std::string& word) { return word.find("lora") != std::string::npos; })) return "a low-rank adapter";
  if (last.ends_with("scale") || last.ends_with("zero_point")) return "a quantised weight's scale";
  if (last == "alpha") return "PReLU";
  if (last.ends_with("mean") || last.ends_with("std")) return "a normalisation of the pictures within the model";
  if (any([](const std::string& word) { return word.starts_with("conv"); })) return "another convolution";
  if (words.front() == "features") return "another layer among the convolutions";
  if (is_of_head(name)) return "another layer of the head";
  return {};
}

bool is_of_head(const std::string& name) {
  const auto words = words_of(name);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return one_of(word, {"classifier", "pre_logits", "head", "fc", "fc1", "fc2", "fc3", "fc6", "fc7", "fc8", "logits",
                         "predictions"}) ||
           word == "dense" || word.starts_with("dense_");
  });
}

}  // namespace palimpsest::nn
