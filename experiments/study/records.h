#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/mcnemar.h"
#include "analysis/significance.h"
#include "base/files.h"
#include "experiments/study/config.h"

// The results of a study's steps besides the files of the individual commands: plain structs, and their JSON files.
// The study writes them, the report reads them; nothing else depends on their format.
// Models are named by the number k of blocks that were frozen while they learned pain: FreezeBk.
namespace palimpsest::experiments {

inline constexpr int most_frozen = 5;  // FreezeB5: "before"; FreezeB0 to FreezeB4: "after"

// STUDY/study.json: the study's description, with every choice.
struct StudyRecord {
  struct Part {
    std::string name;  // "emotion, training"
    std::vector<std::pair<std::string, std::int64_t>> classes;
  };
  struct Unit {  // an action unit of the peak frames
    int number = 0;
    int positives = 0, images = 0;
    bool tested = false;  // false: shown too rarely
  };
  std::string emotion, pain, concepts;  // data names
  bool drawn = false;
  bool from_scratch = false;
  std::vector<std::string> emotions;  // class names
  std::vector<Part> parts;
  std::vector<Unit> units;
  std::vector<Hypothesis> hypotheses;
  std::map<std::string, std::vector<int>> emotion_units;
  std::vector<int> pain_units, pain_sometimes_units;
  std::vector<std::uint64_t> null_seeds;
  std::vector<int> bottom_cut;
  std::uint64_t seed = 1;
  int report_pictures = 6;
  std::vector<std::pair<std::string, std::string>> values;   // of the config, defaults included
  std::vector<std::pair<std::string, std::string>> choices;  // made while the sets were read
  std::vector<std::string> warnings;
};

// mcnemar/mcnemar.json: FreezeB5 (a) against FreezeBk (b) on the test images of one emotion.
struct McNemarRow {
  int k = 0;
  std::string emotion;
  bool hypothesis = false;  // a hypothesis of the config names the emotion
  std::int64_t images = 0;
  analysis::McNemar test;
  double holm = 1;  // exact p, adjusted within the hypotheses or within the rest
};

// concepts/concepts.json: FreezeBk minus FreezeB5 for one action unit.
struct ConceptRow {
  int unit = 0, k = 0;
  bool bottom_cut = false, hypothesis = false;
  int images = 0, positives = 0, repeats = 0;
  double f1_before = 0, f1_after = 0, auc_before = 0, auc_after = 0;
  double difference = 0, low = 0, high = 0;  // of the F1s, with its bootstrap interval over subjects
  analysis::TTest paired, corrected;
  double holm_paired = 1, holm_corrected = 1;  // adjusted within the hypotheses or within the rest
  std::optional<double> grouped_difference;    // with subject-grouped folds
  std::optional<analysis::TTest> grouped_corrected;
};

// ranking/ranking.json: do the action units that pain never uses lose more?
struct RankingRow {
  struct Unit {
    int number = 0;
    std::string group;  // never, core, sometimes: how pain uses it
    double auc_lost = 0;
  };
  int k = 0;
  std::vector<Unit> units;
  std::map<std::string, double> mean_lost;  // per group
  std::optional<double> auc, auc_core;      // never against all others; never against core
};

// null/null.json: the variation from other seeds for the head alone.
struct NullRow {
  struct Spread {
    std::string emotion;
    double mean = 0, sd = 0, low = 0, high = 0;  // recall over the seeds
  };
  struct Pair {
    std::uint64_t seed_a = 0, seed_b = 0;
    std::string emotion;
    analysis::McNemar test;
  };
  int k = 0;
  std::vector<std::uint64_t> seeds;
  std::vector<Spread> spreads;
  std::vector<Pair> pairs;
};

void write_record(const fs::path& path, const StudyRecord& record);
void write_records(const fs::path& path, const std::vector<McNemarRow>& rows);
void write_records(const fs::path& path, const std::vector<ConceptRow>& rows);
void write_records(const fs::path& path, const std::vector<RankingRow>& rows);
void write_records(const fs::path& path, const std::vector<NullRow>& rows);

// Throw Error naming the file when it is missing or malformed.
StudyRecord read_study_record(const fs::path& path);
std::vector<McNemarRow> read_mcnemar_rows(const fs::path& path);
std::vector<ConceptRow> read_concept_rows(const fs::path& path);
std::vector<RankingRow> read_ranking_rows(const fs::path& path);
std::vector<NullRow> read_null_rows(const fs::path& path);

// "emotion", "pain-b3", "concept-au5-cut": names of steps, which are also folders of the study.
std::string model_step(const char* kind, int k);
std::string concept_step(int unit, bool bottom_cut);
std::string null_step(int k, std::uint64_t seed);

}  // namespace palimpsest::experiments
