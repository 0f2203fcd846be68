#pragma once
#include <memory>

#include "data/splits.h"
#include "experiments/starting_weights.h"
#include "nn/rehearsal.h"

namespace palimpsest::experiments {

// What `train --rehearse` shows beside its own data: images of the classes of --init's head, and that head on the
// blocks of the network to be trained.
struct RehearsedData {
  // Images of classes that the head does not have are left out. Throws Error when nothing is trained that the two
  // share, when --init has no head that fits, and when no image is left.
  // requires: the network has its weights and frozen blocks
  RehearsedData(const TrainCommand& command, const StartingWeights& start, const nn::Network& network);

  std::unique_ptr<nn::Network> network;
  nn::Rehearsed rehearsed;  // of that network
  data::Choices choices;    // made while the images were selected
};

}  // namespace palimpsest::experiments
