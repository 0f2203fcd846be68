#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "analysis/bootstrap.h"
#include "base/files.h"
#include "experiments/study/explained_sample.h"

namespace palimpsest::experiments {

// What is kept of an explained image: the logits that both maps start at, and their shares of positive relevance where
// each action unit acts (analysis/region_relevance.h).
struct ExplainedMap {
  struct Shares {
    double area = 0, before = 0, after = 0;
  };
  std::string id, subject;  // subject: empty if not known
  double logit_before = 0, logit_after = 0;
  std::map<int, Shares> units;

  bool inverted() const { return logit_before <= 0 || logit_after <= 0; }
};

// The maps of one emotion's sample, from explained.csv and regions.json in explain-bK.
// Throws Error naming the file that is missing, malformed or lacks one of the images.
std::vector<ExplainedMap> read_explained_maps(const fs::path& folder, const ExplainedSample::Emotion& sample);

// maps/maps.json: which action units the maps themselves suggest as ignored. The action units by the share of relevance
// that their regions lose from FreezeB5 to FreezeBk, over an emotion's explained images: each map divided by its own
// total first, so that a larger logit is not mistaken for more attention.
struct MapRanking {
  struct Unit {
    int number = 0, images = 0;
    int clusters = 0;                        // subjects
    double area = 0, before = 0, after = 0;  // mean shares
    analysis::MeanInterval lost;             // before - after, with its 95 % interval
  };
  int k = 0;
  std::string emotion;
  int explained = 0, inverted = 0;  // images; inverted ones are in no mean
  int subjects = 0;                 // of the images in the means; 0: not known, each image is its own cluster
  std::vector<Unit> units;          // by loss, the largest first
};
// Fewer are not shown: an interval over them is as wide as anything.
inline constexpr int least_subjects = 3;

// The mean of differences of shares with its 95 % interval, clustered (analysis::clustered_mean). One cluster says
// nothing of others: then the interval is -1 to 1. requires: at least one value
analysis::MeanInterval mean_difference(std::span<const double> differences, std::span<const std::int64_t> clusters);

MapRanking rank_units(int k, const std::string& emotion, std::span<const ExplainedMap> maps);

void write_map_rankings(const fs::path& path, const std::vector<MapRanking>& rankings);
std::vector<MapRanking> read_map_rankings(const fs::path& path);  // throws Error naming the file

}  // namespace palimpsest::experiments
