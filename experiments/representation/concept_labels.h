#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/examples.h"

namespace palimpsest::experiments {

// A concept of images: 1 shown, 0 not shown, -1 not known.
struct ConceptLabels {
  std::string name;
  std::vector<int> labels;  // for each image
};

inline constexpr int least_shown = 10;  // images with a concept, and without it: fewer say nothing

// By the value of --concepts: a CSV whose rows are found by the images' ids, or the action units of the data. Concepts
// shown, or not shown, by fewer images are left out, with a remark. Throws Error naming the file for another value than
// 0, 1 and empty, an id that occurs twice, and when no image has a row, or the data have no action units.
std::vector<ConceptLabels> read_concept_labels(const std::string& concepts, const data::Examples& examples);

// All columns of a CSV besides `id`, as above, rare ones included.
std::vector<ConceptLabels> concepts_of_csv(const fs::path& path, std::span<const std::string> ids);

}  // namespace palimpsest::experiments
