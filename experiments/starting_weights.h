#pragma once
#include <memory>

#include "experiments/train.h"

namespace palimpsest {

// What `train --init` names, opened once.
struct StartingWeights {
  // Throws Error when they are no use, with --head-init fresh as the remedy where only the head is the reason, and when
  // the run would write over them. `side`: of the pictures, where it is known.
  StartingWeights(const TrainCommand& command, std::optional<int> side);

  // They go into the network; the classifier's rows by the names of the classes where both have names. Returns what the
  // classes are called: as the data says, for arrays: as the weights do whose numbers they use.
  std::vector<std::string> take(const TrainCommand& command, const std::vector<std::string>& named_by_data,
                                Network& network) const;

  std::unique_ptr<TensorFile> file;
  ModelNotes notes;
  Architecture architecture;
};

}  // namespace palimpsest
