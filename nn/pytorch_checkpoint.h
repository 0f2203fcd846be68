#pragma once
#include <string>
#include <utility>
#include <vector>

#include "nn/pickle.h"

namespace palimpsest::nn {

// Where a model's weights are in what torch.save wrote.
struct PytorchCheckpoint {
  std::vector<std::pair<std::string, Pickle::Id>> tensors;  // in their order
  std::string classes;                                      // their names as a JSON array; empty: none or unclear
  std::vector<std::string> changes;                         // what was chosen and what was left out, in words
};

// The object itself if it is a dict with a parameter (NAME.weight); else the dict of tensors under the first of these
// keys, at most two levels down: state_dict, model_state_dict, model, net, network, module, weights, model_weights,
// params, params_ema, state_dict_ema, model_ema, ema_state_dict, ema; else its own tensors; else the only dict of
// tensors in it under another key. Class names come from classes, class_names, idx_to_class or class_to_idx beside
// the weights, if all of these that are lists of names agree. Throws Error naming the file when it holds no such dict
// (a whole model, one tensor, ...) or several.
PytorchCheckpoint find_weights(const Pickle& object, const fs::path& path);

}  // namespace palimpsest::nn
