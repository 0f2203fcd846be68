#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/normalisation.h"
#include "data/pictures.h"
#include "experiments/explain.h"
#include "experiments/explain/unit_regions.h"
#include "experiments/load_data.h"
#include "lrp/heatmap.h"

namespace palimpsest::experiments {

// Relevance of one image and class, channels summed: raw, and as [0, 1] by --normalise.
struct SummedMap {
  lrp::Heatmap raw, normalised;
  float logit = 0;  // that the relevance starts at
  // All relevance is passed down from the logit: if that is negative, so is the relevance of evidence for the class.
  bool inverted() const { return logit <= 0; }
};

// For viewing: PNGs and index.json in the folder of --pictures, and with --masks how much of each map is where an
// action unit acts, in regions.json beside --maps (else in the folder of pictures).
//   index.json    [{id, label, target, label_name and target_name (if classes have names), input, overlay, a,
//                 total_a, logit_a,
//                 and with a second model b, difference, difference_normalised, difference_of_shares (file names),
//                 total_b, logit_b, zero (in difference_normalised)}]
//   regions.json  [{id, au: {"14": {area, a, b, difference}}}]: shares of the area and of the positive relevance
class Gallery {
 public:
  // Throws Error when --masks says nothing about these pictures, or an output has no place.
  Gallery(const ExplainCommand& command, const LoadedPart& part, const Normalisation& normalisation);

  void add(int index, int target, const SummedMap& a, const SummedMap* b);  // b: of the second model, or null
  void finish();                                                            // writes the two JSON files

 private:
  data::Image picture(int index) const;
  void add_pictures(int index, int target, const SummedMap& of_a, const SummedMap* of_b);
  void add_regions(int index, const lrp::Heatmap& a, const lrp::Heatmap* b);

  const ExplainCommand& command_;
  std::shared_ptr<const data::Examples> examples_;
  std::vector<std::string> classes_;                // names; empty: not known
  std::shared_ptr<const data::Pictures> pictures_;  // null for arrays:
  Normalisation normalisation_;
  std::optional<UnitRegions> unit_regions_;
  nlohmann::ordered_json index_ = nlohmann::ordered_json::array(), regions_ = nlohmann::ordered_json::array();
};

}  // namespace palimpsest::experiments
