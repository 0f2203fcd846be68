#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/nearest_word.h"
#include "experiments/commands.h"

// What `palimpsest study CONFIG.toml` understands. Every value that is not in the file is the paper's.
// experiments/configs/paper.toml names and explains every key.
namespace palimpsest {

// [data]: how pictures are chosen and cut; the same for all three sets.
struct StudyData {
  std::string crop = "landmarks";
  double margin = 0.25;
  std::string normalisation = "auto";
  std::vector<std::string> drop_classes;
  double validation_share = 0.05;
  std::vector<std::string> test_participants;
  int pain_images = 1000, pain_validation = 100;
  std::uint64_t split_seed = 1;
  bool cache = true;  // keep decoded pictures in STUDY/cache
};

// [model]
struct StudyModel {
  int size = 224;
  double width = 1;
  std::string head = "fc";
  std::vector<int> hidden{4096, 4096};
  std::string init;  // weights that the emotion model starts from; empty: from scratch
  std::string head_init = "fresh";
  std::uint64_t seed = 1;
};

// [train.emotion], [train.pain], [train.retrain]: the preset's values, and over them those that are given.
struct StudyStage {
  explicit StudyStage(std::string name = {}) : preset(std::move(name)) {}
  std::string preset;
  std::optional<std::string> loss, class_weights, augment;
  std::optional<double> gamma, beta, rate, momentum, weight_decay, clip_norm;
  std::optional<int> batch, epochs, patience, warmup_steps, plain_epochs, slow_epochs;
};

// [explain]
struct StudyExplain {
  std::string rules = "study", dialect = "zennit", normalise = "min-max";
  std::vector<std::string> emotions;  // only these; empty: all
  int limit = 0;                      // images per emotion and model, the first by name; 0: all
};

// [concept]
struct StudyConcept {
  int repeats = 500;
  int exploratory_repeats = 0;  // for action units that no hypothesis names; 0: as many
  double c = 1;
  bool standardise = false;
  std::string folds = "stratified";
  int min_positives = 10;          // action units in fewer peak frames are left out
  std::vector<int> bottom_cut{5};  // tested on faces cut at the base of the nose as well
  std::uint64_t seed = 1;
};

// [null]
struct StudyNull {
  std::vector<std::uint64_t> seeds{2, 3, 4};  // heads of B5 and B0 are re-trained with these
};

// [action_units]: STUDY section 7.
struct StudyUnits {
  std::map<std::string, std::vector<int>> emotions{{"happy", {6, 12}},          {"sad", {1, 4, 15}},
                                                   {"surprise", {1, 2, 5, 26}}, {"fear", {1, 2, 4, 5, 7, 20, 26}},
                                                   {"anger", {4, 5, 7, 23}},    {"disgust", {9, 15, 16}},
                                                   {"contempt", {12, 14}}};
  std::vector<int> pain{4, 6, 7, 9, 10, 43};
  std::vector<int> pain_sometimes{12, 20, 25, 26};
};

struct Hypothesis {
  std::string emotion;
  int unit = 0;
  bool operator==(const Hypothesis&) const = default;
};

struct StudyConfig {
  fs::path path;
  std::string emotion, pain, concepts;  // data names, see data/source.h
  std::string drawn = "auto";           // auto, yes, no: whether the sets carry the truth of drawn faces
  std::vector<Hypothesis> hypotheses{{"contempt", 14}, {"surprise", 5}};
  std::uint64_t cache_limit = std::uint64_t{2} << 30;  // bytes of block-5 features kept while a head is trained
  StudyData data;
  StudyModel model;
  StudyStage train_emotion{"emotion"}, train_pain{"pain"}, train_retrain{"retrain"};
  StudyExplain explain;
  StudyConcept concept_test;
  StudyNull null;
  StudyUnits units;
  int report_pictures = 6;  // in the gallery, per emotion and model
};

// Throws Error naming the file, the key and, for an unknown key, the nearest known one; for a wrong type what is
// wanted; for a value out of range the range.
StudyConfig read_study_config(const fs::path& path);
StudyConfig parse_study_config(std::string_view text, const fs::path& path);

// "group.key" -> value as text, for every value, defaults included; in the order of the reference config.
std::vector<std::pair<std::string, std::string>> config_values(const StudyConfig& config);

}  // namespace palimpsest
