#include "experiments/study/plan.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "data/source.h"
#include "experiments/devices.h"
#include "experiments/load_data.h"
#include "experiments/study/fingerprint.h"
#include "lrp/composites.h"
#include "lrp/dialects.h"

namespace palimpsest {

namespace {

const char* set_name(StudySet set) {
  return set == StudySet::emotion ? "emotion" : set == StudySet::pain ? "pain" : "concepts";
}

const std::string& source_of(const StudyConfig& config, StudySet set) {
  return set == StudySet::emotion ? config.emotion : set == StudySet::pain ? config.pain : config.concepts;
}

bool is_drawn(const StudyConfig& config) {
  if (config.drawn != "auto") return config.drawn == "yes";
  for (const StudySet set : {StudySet::emotion, StudySet::pain, StudySet::concepts})
    if (!fs::exists(parse_source(source_of(config, set)).path / "drawn.json")) return false;
  return true;
}

void add_part(StudyRecord& record, const std::string& name, const Dataset& set) {
  StudyRecord::Part part{name, {}};
  const auto counts = class_counts(set);
  for (std::size_t c = 0; c < set.classes.size(); ++c) part.classes.emplace_back(set.classes[c], counts[c]);
  record.parts.push_back(std::move(part));
}

void add_choices(StudyRecord& record, const std::string& set, const Selected& selected) {
  for (const auto& [key, value] : selected.choices) record.choices.emplace_back(fmt::format("{}: {}", set, key), value);
  for (const auto& warning : selected.warnings) record.warnings.push_back(fmt::format("{}: {}", set, warning));
}

// Reads one set, and says in the record what is in it.
Selected read_set(StudyPlan& plan, StudySet set) {
  Selected selected = select_data(data_choice(plan, set, "test"));
  add_choices(plan.record, set_name(set), selected);
  if (set == StudySet::concepts) return selected;
  add_part(plan.record, fmt::format("{}, training", set_name(set)), selected.parts.train);
  add_part(plan.record, fmt::format("{}, validation", set_name(set)), selected.parts.validation);
  add_part(plan.record, fmt::format("{}, test", set_name(set)), selected.parts.test);
  if (selected.parts.test.samples.empty())
    throw Error(fmt::format("{} has no test part", source_of(plan.config, set)),
                "use a set that has one, for instance in AffectNet's layout");
  for (const Dataset* part : {&selected.parts.train, &selected.parts.test})  // else their recall would be undefined
    require_every_class(*part, part == &selected.parts.test ? "test part" : "training part");
  return selected;
}

void check_emotions(const StudyPlan& plan) {
  const auto check = [&](const std::string& emotion, const char* key) {
    const auto& known = plan.record.emotions;
    if (std::find(known.begin(), known.end(), emotion) == known.end())
      throw Error(fmt::format("{}: {} names the emotion '{}', which {} does not have", plan.config.path.string(), key,
                              emotion, plan.config.emotion),
                  fmt::format("its emotions are {}", fmt::join(known, ", ")));
  };
  for (const Hypothesis& hypothesis : plan.config.hypotheses) check(hypothesis.emotion, "hypotheses");
  for (const std::string& emotion : plan.config.explain.emotions) check(emotion, "explain.emotions");
}

// Hours of training come before the first explanation: a slip in its options must not wait for them.
void check_explanation(const StudyConfig& config) {
  const auto check = [&](const char* key, const auto& look_up) {
    try {
      look_up();
    } catch (const Error& error) {
      throw Error(fmt::format("{}: {}: {}", config.path.string(), key, error.what()), error.remedy());
    }
  };
  check("explain.rules", [&] { composite_named(config.explain.rules); });
  check("explain.dialect", [&] { dialect_named(config.explain.dialect); });
}

// Which action units the peak frames show often enough, and seldom enough, to be tested.
void count_units(StudyPlan& plan) {
  const int images = int(plan.peaks.samples.size()), least = plan.config.concept_test.min_positives;
  for (const int unit : action_units_in(plan.peaks)) {
    const auto labels = action_unit_labels(plan.peaks, unit);
    const int positives = int(std::count(labels.begin(), labels.end(), 1));
    plan.record.units.push_back({unit, positives, images, positives >= least && images - positives >= least});
  }
}

StudyRecord new_record(const StudyConfig& c) {
  StudyRecord r;
  r.emotion = c.emotion;
  r.pain = c.pain;
  r.concepts = c.concepts;
  r.drawn = is_drawn(c);
  r.from_scratch = c.model.init.empty();
  r.hypotheses = c.hypotheses;
  r.emotion_units = c.units.emotions;
  r.pain_units = c.units.pain;
  r.pain_sometimes_units = c.units.pain_sometimes;
  r.null_seeds = c.null.seeds;
  r.bottom_cut = c.concept_test.bottom_cut;
  r.seed = c.model.seed;
  r.report_pictures = c.report_pictures;
  r.values = config_values(c);
  return r;
}

}  // namespace

std::string pain_group(const StudyRecord& record, int unit) {
  const auto in = [unit](const std::vector<int>& units) {
    return std::find(units.begin(), units.end(), unit) != units.end();
  };
  return in(record.pain_units) ? "core" : in(record.pain_sometimes_units) ? "sometimes" : "never";
}

DataChoice data_choice(const StudyPlan& plan, StudySet set, const std::string& part) {
  const StudyData& data = plan.config.data;
  DataChoice choice;
  choice.name = source_of(plan.config, set);
  choice.part = part;
  choice.size = plan.config.model.size;
  choice.crop = data.crop;
  choice.margin = data.margin;
  choice.normalisation = data.normalisation;
  if (set == StudySet::emotion) choice.drop_classes = data.drop_classes;
  choice.validation_share = data.validation_share;
  if (set == StudySet::pain) choice.test_participants = data.test_participants;
  choice.pain_images = data.pain_images;
  choice.pain_validation = data.pain_validation;
  choice.split_seed = data.split_seed;
  if (data.cache) choice.cache = plan.study / "cache";
  return choice;
}

void add_data_inputs(const StudyPlan& plan, StudySet set, const DataChoice& choice,
                     std::map<std::string, std::string>& inputs) {
  inputs[fmt::format("data {}", set_name(set))] = plan.fingerprints.at(set_name(set));
  inputs["model.size"] = fmt::format("{}", *choice.size);
  inputs["data.crop"] = choice.crop;
  inputs["data.margin"] = fmt::format("{}", choice.margin);
  inputs["data.normalisation"] = choice.normalisation;
  if (set == StudySet::concepts) return;
  inputs["data.split_seed"] = fmt::format("{}", choice.split_seed);
  if (set == StudySet::emotion) {
    inputs["data.drop_classes"] = fmt::format("{}", fmt::join(choice.drop_classes, ", "));
    inputs["data.validation_share"] = fmt::format("{}", choice.validation_share);
  } else {
    inputs["data.test_participants"] = fmt::format("{}", fmt::join(choice.test_participants, ", "));
    inputs["data.pain_images"] = fmt::format("{}", choice.pain_images);
    inputs["data.pain_validation"] = fmt::format("{}", choice.pain_validation);
  }
}

StudyPlan plan_study(const StudyConfig& config, const fs::path& study, const RunsOn& on) {
  check_explanation(config);
  StudyPlan plan;
  plan.config = config;
  plan.study = study;
  plan.on = on;
  plan.on.threads = effective_threads(on.threads);
  plan.processor = make_device(plan.on)->info().fingerprint();
  plan.record = new_record(config);
  for (const StudySet set : {StudySet::emotion, StudySet::pain, StudySet::concepts})
    plan.fingerprints[set_name(set)] = data_fingerprint(parse_source(source_of(config, set)));
  plan.record.emotions = read_set(plan, StudySet::emotion).parts.test.classes;
  read_set(plan, StudySet::pain);
  plan.peaks = read_set(plan, StudySet::concepts).parts.test;
  check_emotions(plan);
  count_units(plan);
  plan_training(plan);
  plan_measures(plan);
  plan_explanations(plan);
  plan_concepts(plan);
  plan_null(plan);
  plan_null_summary(plan);
  plan_summary(plan);
  return plan;
}

}  // namespace palimpsest
