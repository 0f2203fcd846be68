#pragma once
#include <string>
#include <vector>

#include "data/dataset.h"

namespace palimpsest::data {

struct FrameDraw {
  std::vector<int> train, validation;  // indices into the set's samples, ascending
  std::vector<std::string> warnings;
};

// Draws train_per_class + validation_per_class frames with label 1 (pain) and as many with label 0 out of `pool`, at
// random subject to the two conditions in splits.h (PainSelection). requires: set.samples in order of subject,
// sequence, frame; pool ascending. Throws Error when the conditions cannot be met: a participant without pain, too few
// frames.
FrameDraw draw_frames(const Dataset& set, const std::vector<int>& pool, int train_per_class, int validation_per_class,
                      bool consecutive_frames, std::uint64_t seed);

}  // namespace palimpsest::data
