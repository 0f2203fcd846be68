#include "experiments/study/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/error.h"
#include "data/source.h"
#include "experiments/settings/toml.h"

namespace palimpsest::experiments {

StudyConfig::StudyConfig() {
  data.test_share = 0.2;
  model.hidden = {4096, 4096};
  model.head_init = nn::HeadInit::fresh;
  train_emotion.preset = "emotion";
  train_pain.preset = "pain";
  train_retrain.preset = "retrain";
  for (Recipe* const recipe : {&train_emotion, &train_pain, &train_retrain}) apply_presets(*recipe);
}

namespace {

void require(bool good, const StudyConfig& config, std::string_view key, std::string_view wanted) {
  if (!good)
    throw Error(fmt::format("{}: {} must be {}", config.path.string(), key, wanted), fmt::format("change {}", key));
}

void check(const StudyConfig& c) {
  for (const auto& [key, name] : {std::pair{"emotion", &c.emotion}, {"pain", &c.pain}, {"concepts", &c.concepts}}) {
    const bool trained_on = key != std::string_view("concepts");
    require(!trained_on || !name->text.empty(), c, key, R"(given, for instance emotion = "affectnet:DIR")");
    require(name->scheme != data::Scheme::arrays, c, key, "a data set with parts; arrays:... has none");
    require(!trained_on || name->scheme != data::Scheme::ckplus, c, key, "a data set with parts; ckplus:... has none");
  }
  require(c.concepts.text.empty() || c.concepts.scheme == data::Scheme::ckplus || !c.concept_labels.empty(), c,
          "concepts", "a set in CK+'s layout, ckplus:DIR, unless concept-labels names a CSV");
  require(c.data.orientation == data::Orientation::stored || c.emotion.scheme == data::Scheme::folder, c,
          "data.orientation", "stored, unless emotion is a folder:DIR");
  const std::string source = step_name_of(c.names.source), target = step_name_of(c.names.target);
  const std::set<std::string> taken{"",         "retrain", "evaluate", "null",    "features", "probe",
                                    "losses",   "mcnemar", "explain",  "maps",    "concept",  "peaks",
                                    "concepts", "ranking", "pairs",    "summary", "pictures", "cache"};
  require(!taken.contains(source), c, "names.source", "a word of letters a to z that is not the name of a step");
  require(!taken.contains(target) && target != source, c, "names.target",
          "a word of letters a to z that is neither names.source nor the name of a step");
  require(c.data.validation_share > 0, c, "data.validation-share", "above 0");
  require(c.data.pain_validation > 0 && c.data.pain_validation < c.data.pain_images, c, "data.pain-validation",
          "above 0 and below data.pain-images");
  require(c.model.width <= 4, c, "model.width", "at most 4");
  require(c.model.head != Head::gap, c, "model.head", "one of fc, dense: the study's features are not averaged");
  require(c.model.head_init != nn::HeadInit::keep, c, "model.head-init", "one of copy-fc, fresh");
  require(c.exploratory_repeats != 1, c, "concept.exploratory-repeats", "0 or at least 2");
  const std::set<std::uint64_t> runs(c.pain_seeds.begin(), c.pain_seeds.end());
  require(runs.size() == c.pain_seeds.size() && !runs.contains(c.seed), c, "train.pain.seeds",
          "different from each other and from model.seed");
  require(std::set(c.repeated.begin(), c.repeated.end()).size() == c.repeated.size(), c, "train.pain.repeat",
          "different numbers");
  const std::set<std::uint64_t> seeds(c.null_seeds.begin(), c.null_seeds.end());
  require(seeds.size() == c.null_seeds.size() && !seeds.contains(c.seed), c, "null.seeds",
          "different from each other and from model.seed");
  require(std::set(c.arms.begin(), c.arms.end()).size() == c.arms.size(), c, "mitigation.arms", "different arms");
  for (const Recipe* const recipe : {&c.train_emotion, &c.train_pain, &c.train_retrain}) require_consistent(*recipe);
}

}  // namespace

StudyConfig parse_study_config(const std::string& text, const fs::path& path) {
  StudyConfig config;
  config.path = path;
  const Fields fields = fields_of(config);
  read_toml(text, path.string(), fields, /*quiet=*/true);  // for the presets, which the other values go over
  for (Recipe* const recipe : {&config.train_emotion, &config.train_pain, &config.train_retrain}) {
    const std::string preset = recipe->preset;
    *recipe = {};
    recipe->preset = preset;
    apply_presets(*recipe);
  }
  read_toml(text, path.string(), fields);
  check(config);
  return config;
}

StudyConfig read_study_config(const fs::path& path) {
  return parse_study_config(read_file(path, 1 << 20), path);
}

std::vector<std::pair<std::string, std::string>> config_values(const StudyConfig& config) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Field& field : fields_of(config)) values.emplace_back(field.key(), field.text());
  return values;
}

}  // namespace palimpsest::experiments
