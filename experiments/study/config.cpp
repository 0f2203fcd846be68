#include "experiments/study/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/error.h"
#include "data/source.h"

namespace palimpsest {

EmotionUnits FieldValue<EmotionUnits>::read(const std::string& text) {
  EmotionUnits value;
  std::istringstream words(text);
  words >> value.emotion;
  for (int unit = 0; words >> unit;) value.units.push_back(unit);
  if (value.emotion.empty() || value.units.empty() || !words.eof())
    throw Error(fmt::format("'{}' is not an emotion and its action units", text),
                R"(write for instance ["contempt", 14], or happy = [6, 12])");
  return value;
}
std::string FieldValue<EmotionUnits>::write(const EmotionUnits& value) {
  return fmt::format("{} {}", value.emotion, fmt::join(value.units, " "));
}
Hypothesis FieldValue<Hypothesis>::read(const std::string& text) {
  const auto [emotion, units] = FieldValue<EmotionUnits>::read(text);
  if (units.size() != 1)
    throw Error(fmt::format("'{}' is not an emotion and one action unit", text), R"(write ["contempt", 14])");
  return {emotion, units.front()};
}
std::string FieldValue<Hypothesis>::write(const Hypothesis& value) {
  return fmt::format("{} {}", value.emotion, value.unit);
}

StudyConfig::StudyConfig() {
  model.hidden = {4096, 4096};
  model.head_init = HeadInit::fresh;
  train_emotion.preset = "emotion";
  train_pain.preset = "pain";
  train_retrain.preset = "retrain";
  for (Recipe* const recipe : {&train_emotion, &train_pain, &train_retrain}) apply_presets(*recipe);
}

StudySections::StudySections(StudyConfig& c) {
  Fields top;
  top.add("emotion", c.emotion, "AffectNet, as --data names it");
  top.add("pain", c.pain, "UNBC");
  top.add("concepts", c.concepts, "CK+");
  top.add("drawn", c.drawn, "whether the sets are drawn faces, whose truth is known");
  top.add("hypotheses", c.hypotheses, "pairs of an emotion and the action unit that went unseen");

  // A data set's name, its part and the bottom cut are a step's; the rest is the same for all three sets.
  Fields data = fields_of(c.data).without({"data", "size", "bottom-cut", "class-names", "skipped", "cache"});
  data.add("cache", c.cache, "keep decoded pictures in STUDY/cache").without_effect();

  Fields model;
  model.add("size", c.size, "side of the pictures in pixels").between(32, 1024).a_multiple_of(32);
  model.append(fields_of(c.model).only({"width", "head", "hidden", "init", "head-init"}));
  model.add("seed", c.seed, "of all random numbers in training");

  Fields train;
  train.add("cache-limit", c.cache_limit, "bytes of block-5 features kept while a head is re-trained").without_effect();

  Fields explain = fields_of(c.explain);
  explain.add("emotions", c.explained_emotions, "only these; empty: all");
  explain.add("limit", c.explained_images, "images per emotion and model, the first by name; 0: all").at_least(0);

  Fields tests = fields_of(c.concept_test);
  tests.add("exploratory-repeats", c.exploratory_repeats, "of action units that no hypothesis names; 0: as many")
      .at_least(0);
  tests.add("min-positives", c.min_positives, "action units in fewer peak frames are left out").at_least(2);
  tests.add("bottom-cut", c.bottom_cut, "action units tested on faces cut at the base of the nose as well");

  Fields null, units, report;
  null.add("seeds", c.null_seeds, "heads of B5 and B0 are re-trained with these");
  units.add("emotions", c.emotion_units, "which action units show an emotion");
  units.add("pain", c.pain_units, "which show pain");
  units.add("pain-sometimes", c.pain_sometimes_units, "which show pain now and then");
  report.add("pictures", c.report_pictures, "in the gallery, per emotion and model").at_least(0);

  sections_ = {{"", top}, {"data", data}, {"model", model}, {"train", train}};
  // What a stage freezes and starts from is the study's.
  for (const auto& [name, recipe] : {std::pair{"train.emotion", &c.train_emotion},
                                     {"train.pain", &c.train_pain},
                                     {"train.retrain", &c.train_retrain}}) {
    Fields stage = fields_of(*recipe).without({"seed", "cache-limit"});
    NetworkSettings of_the_study;
    const Fields network = fields_of(of_the_study);
    for (const Field& field : network.all()) stage = stage.without({field.name});
    sections_.emplace_back(name, stage);
  }
  sections_.insert(
      sections_.end(),
      {{"explain", explain}, {"concept", tests}, {"null", null}, {"action-units", units}, {"report", report}});
}

std::vector<Section> StudySections::all() {
  std::vector<Section> all;
  for (auto& [name, fields] : sections_) all.push_back({name, &fields});
  return all;
}

const Fields& StudySections::table(std::string_view name) const {
  return std::ranges::find_if(sections_, [&](const auto& one) { return one.first == name; })->second;
}

namespace {

void require(bool good, const StudyConfig& config, std::string_view key, std::string_view wanted) {
  if (!good)
    throw Error(fmt::format("{}: {} must be {}", config.path.string(), key, wanted), fmt::format("change {}", key));
}

void check(const StudyConfig& c) {
  for (const auto& [key, name] : {std::pair{"emotion", &c.emotion}, {"pain", &c.pain}, {"concepts", &c.concepts}}) {
    require(!name->text.empty(), c, key, R"(given, for instance emotion = "affectnet:DIR")");
    const Scheme scheme = name->scheme;
    require(scheme != Scheme::arrays, c, key, "a data set with parts; arrays:... has none");
    if (key == std::string_view("pain")) require(scheme == Scheme::unbc, c, key, "a set in UNBC's layout, unbc:DIR");
    if (key == std::string_view("concepts"))
      require(scheme == Scheme::ckplus, c, key, "a set in CK+'s layout, ckplus:DIR");
  }
  require(c.data.validation_share > 0, c, "data.validation-share", "above 0");
  require(c.data.pain_validation > 0 && c.data.pain_validation < c.data.pain_images, c, "data.pain-validation",
          "above 0 and below data.pain-images");
  require(c.model.width <= 4, c, "model.width", "at most 4");
  require(c.model.head_init != HeadInit::keep, c, "model.head-init", "one of copy-fc, fresh");
  require(c.exploratory_repeats != 1, c, "concept.exploratory-repeats", "0 or at least 2");
  const std::set<std::uint64_t> seeds(c.null_seeds.begin(), c.null_seeds.end());
  require(seeds.size() == c.null_seeds.size() && !seeds.contains(c.seed), c, "null.seeds",
          "different from each other and from model.seed");
}

}  // namespace

StudyConfig parse_study_config(const std::string& text, const fs::path& path) {
  StudyConfig config;
  config.path = path;
  StudySections sections(config);
  read_toml(text, path.string(), sections.all(), /*first=*/true);
  for (Recipe* const recipe : {&config.train_emotion, &config.train_pain, &config.train_retrain}) {
    const std::string preset = recipe->preset;
    *recipe = {};
    recipe->preset = preset;
    apply_presets(*recipe);
  }
  read_toml(text, path.string(), sections.all());
  check(config);
  for (Recipe* const recipe : {&config.train_emotion, &config.train_pain, &config.train_retrain})
    fields_of(*recipe).check_all();
  return config;
}

StudyConfig read_study_config(const fs::path& path) {
  return parse_study_config(read_file(path, 1 << 20), path);
}

std::vector<std::pair<std::string, std::string>> config_values(const StudyConfig& config) {
  StudyConfig copy = config;
  StudySections sections(copy);
  std::vector<std::pair<std::string, std::string>> values;
  for (const auto& [name, fields] : sections.all())
    for (const Field& field : fields->all())
      values.emplace_back(name.empty() ? field.name : name + "." + field.name, field.text());
  return values;
}

}  // namespace palimpsest
