#pragma once
#include <string>
#include <vector>

#include "base/files.h"
#include "data/dataset.h"

namespace palimpsest::experiments {

// The set with the concepts of a CSV (experiments/representation/concept_labels.h) in place of its action units,
// numbered 1, 2, ... in the order of `names`. Images of which the CSV leaves a concept open are left out, with a
// remark. Throws Error naming the file.
data::Dataset with_concepts(data::Dataset set, const fs::path& csv, std::vector<std::string>& names);

}  // namespace palimpsest::experiments
