#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/class_losses.h"
#include "analysis/concept.h"
#include "analysis/mcnemar.h"
#include "base/files.h"
#include "base/words.h"
#include "experiments/study/arms.h"
#include "experiments/study/config.h"
#include "experiments/study/names.h"

// The results of a study's steps besides the files of the individual commands: plain structs, and their JSON files.
// The study writes them, the report reads them; nothing else depends on their format.
// Members keep the words of the paper's study, whatever the tasks are called (names.h): an emotion is a class of the
// first task, pain is the second, an action unit is a concept.
namespace palimpsest::experiments {

// Models are known by a number k: of blocks that were frozen while they learned pain, FreezeBk; or which of the two
// networks given to `forget` it is.
inline constexpr int most_frozen = 5;  // FreezeB5: "before"; FreezeB0 to FreezeB4: "after"
inline constexpr int given_before = 7, given_after = 6;
std::string model_name(int k);  // "FreezeB3", "the network before"
std::string short_name(int k);  // "B3", "before"

// The model FreezeBk as it learned pain from one seed. The one from the study's own seed is evaluated and explained;
// the others tell how much one run differs from another. An arm of the mitigation is one of its own kind.
struct ModelRun {
  int k = 0;
  std::optional<std::uint64_t> seed = {};  // none: the study's own
  std::optional<Arm> arm = {};             // never in study.json
  bool operator==(const ModelRun&) const = default;
};

// The peak frames from which an action unit is decoded: with the whole face; with the lower face blanked in place, or
// cut off and the rest stretched to the square, as presumably in the paper; without the faces that show an action unit
// that goes with it.
enum class Faces : std::uint8_t { full, blank, stretch, alone };
constexpr auto words(Faces) {
  return std::to_array<Word<Faces>>(
      {{"full", Faces::full}, {"blank", Faces::blank}, {"stretch", Faces::stretch}, {"alone", Faces::alone}});
}

std::string faces_name(Faces faces);  // "lower face blanked in place"

// STUDY/study.json: the study's description, with every choice.
struct StudyRecord {
  struct Part {
    std::string name;  // "emotion, training"
    std::vector<std::pair<std::string, std::int64_t>> classes;
  };
  struct Unit {  // an action unit of the peak frames
    int number = 0;
    std::string name = {};  // empty: a facial action unit, AUn
    int positives = 0, images = 0;
    bool tested = false;                   // false: shown too rarely
    std::optional<double> pain_bits = {};  // drawn faces: mutual information with pain in the frames trained on
  };
  TaskNames names = with_plurals({});
  std::string emotion, pain, concepts;  // data names; pain: empty where two networks were given; concepts may be
  bool drawn = false;
  bool from_scratch = false;
  std::vector<std::string> emotions;  // class names
  std::vector<Part> parts;
  std::vector<Unit> units;
  std::vector<Hypothesis> hypotheses;
  std::map<std::string, std::vector<int>> emotion_units;
  std::vector<int> pain_units, pain_sometimes_units;
  std::vector<std::uint64_t> null_seeds;
  std::vector<ModelRun> runs{{5}, {4}, {3}, {2}, {1}, {0}};  // "before" first; of each model the study's own first
  std::vector<int> bottom_cut, co_occurring;
  std::uint64_t seed = 1;
  int report_pictures = 6;
  std::vector<std::pair<std::string, std::string>> values;   // of the config, defaults included
  std::vector<std::pair<std::string, std::string>> choices;  // made while the sets were read
  std::vector<std::string> warnings;
  std::vector<std::string> machines;  // on which it was run (devices.h)

  int before() const { return runs.front().k; }
  std::vector<int> after() const;                          // the other models
  int farthest() const { return runs.back().k; }           // of them, which the page speaks of first
  std::vector<int> models() const;                         // all
  bool given() const { return before() == given_before; }  // two networks, none of which was trained here
};

// mcnemar/mcnemar.json: FreezeB5 (a) against FreezeBk (b) on the test images of one emotion.
struct McNemarRow {
  int k = 0;
  std::string emotion;
  bool hypothesis = false;  // a hypothesis of the config names the emotion
  std::int64_t images = 0;
  analysis::McNemar test;
  double holm = 1;  // exact p, adjusted within the hypotheses or the rest of its model
};

// losses/losses.json: how much worse an emotion is ranked by a linear probe on the features of the runs of FreezeBk
// than on those of FreezeB5.
struct LossRow {
  int k = 0;
  std::string emotion;
  bool hypothesis = false;
  std::int64_t images = 0;
  analysis::RankingLoss auc;
  double holm = 1;                             // p of auc.loss, adjusted as McNemarRow::holm
  double recall_before = 0, recall_after = 0;  // of the probes; after: the runs' mean
};
// All emotions of a model together.
struct LossSummary {
  int k = 0;
  int runs = 0;
  analysis::Omnibus all;
  analysis::Estimate mean;                        // of the emotions' losses
  std::optional<analysis::Estimate> selectivity;  // mean of the hypotheses' emotions less that of the others
};
struct Losses {
  double c = 0;                      // of all probes
  std::vector<double> c_tried, auc;  // mean area by cross-validation on B5 and B0
  std::vector<LossSummary> models;
  std::vector<LossRow> rows;
};

// concepts/concepts.json: FreezeBk minus FreezeB5 for one action unit.
struct ConceptRow {
  int unit = 0, k = 0;
  Faces faces = Faces::full;
  bool hypothesis = false;
  int images = 0, positives = 0, repeats = 0;
  int paper_images = 0;  // of them, those from which the F1s are
  double f1_before = 0, f1_after = 0;
  analysis::ConceptLoss auc;                 // over the runs, on subject-grouped halves unless `ungrouped`
  bool ungrouped = false;                    // too few subjects show the action unit
  double holm = 1;                           // p of auc.loss, adjusted within the hypotheses or the rest of its model
  double difference = 0, low = 0, high = 0;  // of the F1s, with its bootstrap interval over subjects
  analysis::TTest paired, corrected;         // of the F1s
  std::optional<double> grouped_difference;  // with subject-grouped folds
  std::optional<analysis::TTest> grouped_corrected;
};

// ranking/ranking.json: do the action units that pain never uses lose more?
struct RankingRow {
  struct Unit {
    int number = 0;
    std::string group;    // never, core, sometimes: how pain uses it
    double auc_lost = 0;  // the runs' mean
    double low = 0, high = 0;
  };
  int k = 0;
  std::vector<Unit> units;
  std::map<std::string, double> mean_lost;  // per group
  std::optional<double> auc, auc_core;      // never against all others; never against core
  // The share of all ways to call as many of the action units "never" that separate them at least as well: the exact
  // permutation test of `auc` and `auc_core`, one-sided, with the action unit as the unit.
  std::optional<double> p, p_core;
  // Drawn faces: rank correlation of what is lost with how much an action unit tells about pain. Expected below 0.
  std::optional<double> spearman_bits, tau_bits;
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
void write_losses(const fs::path& path, const Losses& losses);
void write_records(const fs::path& path, const std::vector<ConceptRow>& rows);
void write_records(const fs::path& path, const std::vector<RankingRow>& rows);
void write_records(const fs::path& path, const std::vector<NullRow>& rows);

// Throw Error naming the file when it is missing or malformed.
StudyRecord read_study_record(const fs::path& path);
std::vector<McNemarRow> read_mcnemar_rows(const fs::path& path);
Losses read_losses(const fs::path& path);
std::vector<ConceptRow> read_concept_rows(const fs::path& path);
std::vector<RankingRow> read_ranking_rows(const fs::path& path);
std::vector<NullRow> read_null_rows(const fs::path& path);

// "pain-b3", "features-b0-s2", "pain-b0-l2-sp", "concept-au5-blank": names of steps, which are also folders of the
// study.
std::string model_step(std::string_view kind, int k);
std::string run_step(std::string_view kind, const ModelRun& run);
inline constexpr std::string_view training_group = "train";  // of a trained model's options among its step's inputs
std::string source_step(const StudyRecord& record);          // "emotion"
std::string target_step(const StudyRecord& record, const ModelRun& run);  // "pain-b0-s2"
std::string concept_name(const StudyRecord& record, int unit);            // "AU14", or as the concepts' CSV has it
// How pain uses an action unit: "never", "core" or "sometimes".
std::string pain_group(const StudyRecord& record, int unit);
std::string concept_step(const StudyRecord& record, int unit, Faces faces);
std::string null_step(int k, std::uint64_t seed);

// Files of the study: the model that recognises emotions by the blocks of FreezeBk, and what it predicts for the test
// images. It is the re-trained head; of given networks the linear probe.
std::string source_weights(const StudyRecord& record, int k);
std::string source_predictions(const StudyRecord& record, int k);
std::string evaluation_of(const std::string& model_step);            // the predictions of a trained model
std::vector<std::string> target_classes(const StudyRecord& record);  // "no pain", "pain"

}  // namespace palimpsest::experiments
