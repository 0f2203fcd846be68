#pragma once
#include <string>
#include <utility>
#include <vector>

#include "experiments/settings/settings.h"
#include "experiments/settings/toml.h"

// What `palimpsest study CONFIG.toml` understands. Every value that is not in the file is the paper's.
// experiments/configs/paper.toml names and explains every key.
namespace palimpsest {

// Whether the sets carry the truth of drawn faces.
enum class Drawn : std::uint8_t { automatic, yes, no };
constexpr auto words(Drawn) {
  return std::to_array<Word<Drawn>>({{"auto", Drawn::automatic}, {"true", Drawn::yes}, {"false", Drawn::no}});
}

struct Hypothesis {
  std::string emotion;
  int unit = 0;
  bool operator==(const Hypothesis&) const = default;
};

// Which action units show an emotion.
struct EmotionUnits {
  std::string emotion;
  std::vector<int> units;
  bool operator==(const EmotionUnits&) const = default;
};

struct StudyConfig {
  fs::path path;
  Source emotion, pain, concepts;
  Drawn drawn = Drawn::automatic;
  std::vector<Hypothesis> hypotheses{{"contempt", 14}, {"surprise", 5}};
  DataSettings data;  // but its name and its part, which are a step's
  bool cache = true;  // keep decoded pictures in STUDY/cache
  int size = 224;
  NetworkSettings model;  // `init`: of the emotion model; `head_init`: for pain and for re-training
  std::uint64_t seed = 1;
  std::uint64_t cache_limit = TrainingSettings{}.cache_limit;
  Recipe train_emotion, train_pain, train_retrain;
  RelevanceSettings explain;
  std::vector<std::string> explained_emotions;
  int explained_images = 0;
  ConceptSettings concept_test;
  int exploratory_repeats = 0;
  int min_positives = 10;
  std::vector<int> bottom_cut{5};
  std::vector<std::uint64_t> null_seeds{2, 3, 4};
  std::vector<EmotionUnits> emotion_units{
      {"anger", {4, 5, 7, 23}}, {"contempt", {12, 14}}, {"disgust", {9, 15, 16}},   {"fear", {1, 2, 4, 5, 7, 20, 26}},
      {"happy", {6, 12}},       {"sad", {1, 4, 15}},    {"surprise", {1, 2, 5, 26}}};
  std::vector<int> pain_units{4, 6, 7, 9, 10, 43}, pain_sometimes_units{12, 20, 25, 26};
  int report_pictures = 6;

  StudyConfig();
};

// The tables of the file and what may stand in them.
class StudySections {
 public:
  explicit StudySections(StudyConfig& config);
  std::vector<Section> all();
  const Fields& table(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, Fields>> sections_;
};

// Throws Error naming the file, line and key for what is unknown, of another kind, or makes no sense beside the rest.
StudyConfig read_study_config(const fs::path& path);
StudyConfig parse_study_config(const std::string& text, const fs::path& path);

// "train.pain.epochs" -> value as text, for every value, those of presets and defaults included.
std::vector<std::pair<std::string, std::string>> config_values(const StudyConfig& config);

// An action unit's list as a text that reads back as the same: "contempt 14", "happy 6 12".
template <>
struct FieldValue<Hypothesis> {
  static constexpr FieldType type = FieldType::text;
  static Hypothesis read(const std::string& text);
  static std::string write(const Hypothesis& value);
};
template <>
struct FieldValue<EmotionUnits> {
  static constexpr FieldType type = FieldType::text;
  static EmotionUnits read(const std::string& text);
  static std::string write(const EmotionUnits& value);
};

}  // namespace palimpsest
