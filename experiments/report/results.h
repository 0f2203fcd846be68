#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/metrics.h"
#include "experiments/representation/comparison.h"
#include "experiments/study/explained_sample.h"
#include "experiments/study/map_ranking.h"
#include "experiments/study/mitigation.h"
#include "experiments/study/records.h"
#include "experiments/study/truth_areas.h"

// A study folder as the report sees it. A missing part stays empty; the page then says so.
namespace palimpsest::experiments::report {

struct Epoch {
  double epoch = 0, train_loss = 0, train_accuracy = 0;
  std::optional<double> validation_loss, validation_accuracy;
};

struct Evaluation {
  analysis::ConfusionMatrix matrix;
  analysis::Scores scores;
  std::vector<analysis::ClassRecall> recalls;
};
// Of the second task: the recall of the second of two classes (pain), or the mean of more.
double target_recall(const Evaluation& evaluation);

// One explained image on which "before" is right and model k wrong.
struct Disagreement {
  std::string id;
  int label = 0;
  fs::path input, before, after, difference, normalised, of_shares;  // PNGs; the last two: of the difference
  std::optional<double> logit_before, logit_after;                   // that the maps start at
  std::optional<double> total_before, total_after;                   // of the maps
  std::map<int, std::map<std::string, double>> units;  // drawn faces: AU -> area, a, b, difference (shares)
  std::optional<TruthAreas> truth;

  // Whether one of the maps is inverted, and in no mean (false if the logits were not recorded).
  bool inverted() const { return logit_before.value_or(1) <= 0 || logit_after.value_or(1) <= 0; }
};

struct ConceptRepeats {
  std::vector<double> differences;  // F1 of FreezeB0 minus that of FreezeB5, one per repeat
};

// The effect of an action unit on a class, by FreezeB5 and FreezeB0 (experiments/pair_tables.h).
struct UnitEffect {
  struct Figure {
    double mean = 0, low = 0, high = 0;
  };
  int unit = 0, pairs = 0;
  std::string emotion;
  Figure before, after, difference;
  Figure to_before, to_after;  // shares of the pairs in which the unit turns the decision to the class
  std::optional<Figure> ratio;
};

struct StudyResults {
  fs::path folder;
  StudyRecord record;
  std::map<int, Evaluation> pain, retrained;  // by k
  std::optional<Evaluation> emotion;
  std::map<std::string, std::vector<Epoch>> curves;                   // by step
  std::map<std::string, std::map<std::string, std::string>> options;  // by step: how it was trained
  std::vector<McNemarRow> mcnemar;
  std::optional<Losses> losses;
  std::map<int, std::vector<Disagreement>> disagreements;  // by k; absent: not explained yet
  std::map<int, ExplainedSample> samples;                  // by k: of which images these are
  std::vector<MapRanking> map_rankings;
  std::vector<ConceptRow> concepts;
  std::map<std::string, ConceptRepeats> repeats;  // by step of the concept test
  std::vector<RankingRow> ranking;
  std::vector<NullRow> null;
  std::vector<UnitEffect> effects;
  std::vector<BlockComparison> blocks, concept_blocks;  // on the test images, and on those of concepts
  std::optional<Mitigation> mitigation;

  int emotion_index(const std::string& name) const;  // -1: none
  const McNemarRow* mcnemar_of(int k, const std::string& emotion) const;
  const ConceptRow* concept_of(int k, int unit, Faces faces) const;
  const RankingRow* ranking_of(int k) const;
  const MapRanking* map_ranking_of(int k, const std::string& emotion) const;
};

// Throws Error when `folder` does not hold a study, or one of its files is broken.
StudyResults load_results(const fs::path& folder);

}  // namespace palimpsest::experiments::report
