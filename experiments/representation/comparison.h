#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "experiments/representation/block_features.h"
#include "experiments/representation/concept_labels.h"

namespace palimpsest::experiments {

// What the features of each block have in common before and after, with those of random weights as the floor.
struct BlockComparison {
  struct Class {  // areas under the ROC curve of a linear probe, one against the rest; NaN: too few images
    std::string name;
    int images = 0;
    double before = 0, after = 0, random = 0;
  };
  struct Concept {  // analysis::ConceptReading
    std::string name;
    int shown = 0, images = 0;
    double before = 0, unchanged = 0, refitted = 0;
  };
  int block = 0;  // 1 to 5
  int features = 0;
  bool averaged = false;
  double cka_after = 0, cka_random = 0;  // debiased, of before with after and with random; NaN: features do not vary
  std::vector<Class> classes;            // none without labels
  std::vector<Concept> concepts;
};

// What is known of the images.
struct ComparedImages {
  std::vector<int> labels;           // -1: none
  std::vector<std::string> classes;  // their names
  std::vector<std::int64_t> groups;  // subjects; no subject is in both halves
  std::vector<ConceptLabels> concepts;
};

using FeaturesOfBlocks = std::array<BlockFeatures, nn::kBlocks>;

// requires: features of the same images, the same columns before and after
std::vector<BlockComparison> compare_blocks(const FeaturesOfBlocks& before, const FeaturesOfBlocks& after,
                                            const FeaturesOfBlocks& random, const ComparedImages& images,
                                            std::uint64_t seed);

// "block,measure,name,which,value", a row for each figure; empty values: NaN. The same as JSON, NaN as null, is
// [{block, features, averaged, cka_after, cka_random, classes: [...], concepts: [...]}].
std::string comparison_csv(const std::vector<BlockComparison>& blocks);
std::string comparison_json(const std::vector<BlockComparison>& blocks);
std::string comparison_text(const std::vector<BlockComparison>& blocks);  // tables for the terminal

// What comparison_json wrote.
void from_json(const Json& json, BlockComparison& block);

}  // namespace palimpsest::experiments
