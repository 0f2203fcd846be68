#pragma once
#include <optional>
#include <span>
#include <vector>

namespace palimpsest::analysis {

// How much of a relevance map is in a region, for instance where an action unit acts on the face. The measures of
// Arras, Osman and Samek (CLEVR-XAI, Information Fusion 81, 2022), which compare the map with the ground truth.
struct RegionRelevance {
  double positive_share = 0;  // of the positive relevance: "relevance mass accuracy"
  double absolute_share = 0;  // of the absolute relevance
  double rank_accuracy = 0;   // of the K pixels of highest relevance, those inside; K = pixels of the region
  double area_share = 0;      // of the pixels: the score of a uniform map
  double enrichment() const { return positive_share / area_share; }  // 1 = no preference
};

// map: H x W, of either sign. mask: H x W in [0, 1], how far a pixel belongs to the region; the rank accuracy takes
// pixels of at least 0.5. Pixels of equal relevance at rank K count by their share inside. Nothing if the map has no
// positive relevance or the region no pixel of at least 0.5, so that undefined shares are never averaged.
// requires: equal sizes, finite values
std::optional<RegionRelevance> region_relevance(std::span<const float> map, std::span<const float> mask);

}  // namespace palimpsest::analysis
