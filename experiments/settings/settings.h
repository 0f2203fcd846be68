#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/folds.h"
#include "data/augment.h"
#include "data/crop.h"
#include "data/source.h"
#include "experiments/settings/fields.h"
#include "lrp/heatmap.h"
#include "nn/class_balance.h"
#include "nn/weights.h"

// The groups of settings that commands and the study are made of. settings.cpp describes every member.
namespace palimpsest {

template <>
struct FieldValue<Source> {
  static constexpr FieldType type = FieldType::text;
  static Source read(const std::string& text) { return text.empty() ? Source{} : parse_source(text); }
  static std::string write(const Source& source) { return source.text; }
};

enum class DeviceName : std::uint8_t { automatic, cpu, cuda, cuda_emulated };
constexpr auto words(DeviceName) {
  return std::to_array<Word<DeviceName>>({{"auto", DeviceName::automatic},
                                          {"cpu", DeviceName::cpu},
                                          {"cuda", DeviceName::cuda},
                                          {"cuda-emulated", DeviceName::cuda_emulated}});
}

enum class Part : std::uint8_t { train, validation, test, all };
constexpr auto words(Part) {
  return std::to_array<Word<Part>>(
      {{"train", Part::train}, {"validation", Part::validation}, {"test", Part::test}, {"all", Part::all}});
}

enum class Head : std::uint8_t { fc, dense };
constexpr auto words(Head) {
  return std::to_array<Word<Head>>({{"fc", Head::fc}, {"dense", Head::dense}});
}

enum class Loss : std::uint8_t { focal, cross_entropy };
constexpr auto words(Loss) {
  return std::to_array<Word<Loss>>({{"focal", Loss::focal}, {"cross-entropy", Loss::cross_entropy}});
}

struct MachineSettings {
  DeviceName device = DeviceName::automatic;
  int threads = 0;
  std::string convolution = "auto", precision = "fp32";
};

struct DataSettings {
  Source source;
  Part part = Part::test;
  std::optional<int> size;
  Crop crop = Crop::landmarks;
  double margin = 0.25;
  bool bottom_cut = false;
  std::string normalisation = "auto";
  std::vector<std::string> drop_classes;
  double validation_share = 0.05;
  std::vector<std::string> test_participants;
  int pain_images = 1000, pain_validation = 100;
  std::uint64_t split_seed = 1;
  std::vector<std::string> class_names;
  fs::path skipped, cache;
};

struct NetworkSettings {
  fs::path init;
  HeadInit head_init = HeadInit::keep;
  int freeze = 0;
  std::vector<int> freeze_blocks;
  double width = 1;
  Head head = Head::fc;
  std::vector<int> hidden;
  int classes = 0;
};

struct LossSettings {
  Loss loss = Loss::focal;
  double gamma = 0;
  ClassWeights class_weights = ClassWeights::none;
  std::vector<std::int64_t> class_counts;
  double beta = 0.99998;
};

struct TrainingSettings {
  double rate = 0.01, momentum = 0, weight_decay = 0;
  int batch = 32, epochs = 20, steps = 0, patience = 0;
  double clip_norm = 0;
  int warmup_steps = 0, plain_epochs = 0, slow_epochs = 0;
  Augmentation augment = Augmentation::none;
  bool shuffle = true;
  std::uint64_t seed = 1;
  std::uint64_t cache_limit = std::uint64_t{2} << 30;
};

// What a model is trained by: a preset, and over it what is given.
struct Recipe : NetworkSettings, LossSettings, TrainingSettings {
  std::string preset;
};

struct RelevanceSettings {
  std::string rules = "study", dialect = "zennit";
  MapNormalisation normalise = MapNormalisation::min_max;
};

struct ConceptSettings {
  int repeats = 500;
  double c = 1;
  bool standardise = false;
  FoldKind folds = FoldKind::stratified;
  std::uint64_t seed = 1;
};

void describe(Fields& fields, MachineSettings& machine);
void describe(Fields& fields, DataSettings& data);
void describe_weights(Fields& fields, fs::path& weights);
void describe_part(Fields& fields, DataSettings& data);  // of commands that use one part
void describe(Fields& fields, NetworkSettings& network);
void describe(Fields& fields, LossSettings& loss);
void describe(Fields& fields, TrainingSettings& training);
void describe(Fields& fields, Recipe& recipe);
void describe(Fields& fields, RelevanceSettings& relevance);
void describe(Fields& fields, ConceptSettings& concept_test);

// A recipe's values by name, as lines of TOML: `emotion`, `pain` and `retrain` are the paper's three (arXiv 2104.07389,
// section 3); `scratch` is what training without weights to start from needs besides.
struct Preset {
  std::string name, about, values;
};
std::vector<Preset> presets();
// Those that `recipe.preset` lists, in its order ("emotion,scratch"). Throws Error for an unknown one.
void apply_presets(Recipe& recipe);

}  // namespace palimpsest
