#pragma once
#include <memory>

#include "experiments/train.h"

namespace palimpsest::experiments {

// The weights of `train --init`, opened once.
struct StartingWeights {
  // Throws Error when they are unusable, with --head-init fresh as the remedy if only the head is the reason, and when
  // the run would overwrite them. `side`: of the pictures, if known.
  StartingWeights(const TrainCommand& command, std::optional<int> side);

  // Copies them into the network; the classifier's rows by the names of the classes if both have names.
  struct Taken {
    std::vector<std::string> classes;  // the data's names; for arrays: those of the weights, whose numbers they use
    nn::TakenWeights weights;
  };
  Taken take(const TrainCommand& command, const std::vector<std::string>& named_by_data, nn::Network& network) const;

  std::unique_ptr<TensorFile> file;
  nn::ModelNotes notes;
  nn::Architecture architecture;
};

}  // namespace palimpsest::experiments
