#include "experiments/study/plan.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/mutual_information.h"
#include "base/error.h"
#include "data/drawn/truth.h"
#include "data/source.h"
#include "experiments/devices.h"
#include "experiments/load_data.h"
#include "experiments/study/fingerprint.h"

namespace palimpsest::experiments {

namespace {

const char* set_name(StudySet set) {
  return set == StudySet::emotion ? "emotion" : set == StudySet::pain ? "pain" : "concepts";
}

const data::Source& source_of(const StudyConfig& config, StudySet set) {
  return set == StudySet::emotion ? config.emotion : set == StudySet::pain ? config.pain : config.concepts;
}

bool is_drawn(const StudyConfig& config) {
  if (config.drawn != Drawn::automatic) return config.drawn == Drawn::yes;
  for (const StudySet set : {StudySet::emotion, StudySet::pain, StudySet::concepts})
    if (!fs::exists(source_of(config, set).path / "drawn.json")) return false;
  return true;
}

void add_part(StudyRecord& record, const std::string& name, const data::Dataset& set) {
  StudyRecord::Part part{name, {}};
  const auto counts = data::class_counts(set);
  for (std::size_t c = 0; c < set.classes.size(); ++c) part.classes.emplace_back(set.classes[c], counts[c]);
  record.parts.push_back(std::move(part));
}

void add_choices(StudyRecord& record, const std::string& set, const data::Selected& selected) {
  for (const auto& [key, value] : selected.choices) record.choices.emplace_back(fmt::format("{}: {}", set, key), value);
  for (const auto& warning : selected.warnings) record.warnings.push_back(fmt::format("{}: {}", set, warning));
}

// Reads one set and adds its contents to the record.
data::Selected read_set(StudyPlan& plan, StudySet set) {
  data::Selected selected = select_data(data_choice(plan, set, Part::test));
  add_choices(plan.record, set_name(set), selected);
  if (set == StudySet::concepts) return selected;
  add_part(plan.record, fmt::format("{}, training", set_name(set)), selected.parts.train);
  add_part(plan.record, fmt::format("{}, validation", set_name(set)), selected.parts.validation);
  add_part(plan.record, fmt::format("{}, test", set_name(set)), selected.parts.test);
  if (selected.parts.test.samples.empty())
    throw Error(fmt::format("{} has no test part", source_of(plan.config, set).text),
                "use a set that has one, for instance in AffectNet's layout");
  for (const data::Dataset* part :
       {&selected.parts.train, &selected.parts.test})  // otherwise their recall would be undefined
    data::require_every_class(*part, part == &selected.parts.test ? "test part" : "training part");
  return selected;
}

void check_emotions(const StudyPlan& plan) {
  const auto check = [&](const std::string& emotion, const char* key) {
    const auto& known = plan.record.emotions;
    if (std::find(known.begin(), known.end(), emotion) == known.end())
      throw Error(fmt::format("{}: {} names the emotion '{}', which {} does not have", plan.config.path.string(), key,
                              emotion, plan.config.emotion.text),
                  fmt::format("its emotions are {}", fmt::join(known, ", ")));
  };
  for (const Hypothesis& hypothesis : plan.config.hypotheses) check(hypothesis.emotion, "hypotheses");
  for (const std::string& emotion : plan.config.explained_emotions) check(emotion, "explain.emotions");
}

// The action units that the peak frames show often enough, and rarely enough, to be tested.
void count_units(StudyPlan& plan) {
  const int images = int(plan.peaks.samples.size()), least = plan.config.min_positives;
  for (const int unit : data::action_units_in(plan.peaks)) {
    const auto labels = data::action_unit_labels(plan.peaks, unit);
    const int positives = int(std::count(labels.begin(), labels.end(), 1));
    plan.record.units.push_back({unit, positives, images, positives >= least && images - positives >= least});
  }
}

// How much each action unit tells about pain in the frames trained on, by the truth of drawn faces.
void measure_pain_bits(StudyPlan& plan, const data::Dataset& frames) {
  const auto truth = plan.record.drawn ? data::drawn::load_truth(plan.config.pain.path) : std::nullopt;
  if (!truth) return;
  for (StudyRecord::Unit& unit : plan.record.units) {
    if (data::drawn::action_unit_index(unit.number) < 0) continue;
    std::vector<std::uint8_t> shown, pain;
    for (const data::Sample& frame : frames.samples)
      if (const auto* entry = truth->find(frame.id)) {
        shown.push_back(entry->expression.has(unit.number));
        pain.push_back(frame.label == 1);
      }
    if (!shown.empty()) unit.pain_bits = analysis::mutual_information(shown, pain);
  }
}

StudyRecord new_record(const StudyConfig& c) {
  StudyRecord r;
  r.emotion = c.emotion.text;
  r.pain = c.pain.text;
  r.concepts = c.concepts.text;
  r.drawn = is_drawn(c);
  r.from_scratch = c.model.init.empty();
  r.hypotheses = c.hypotheses;
  for (const auto& [emotion, units] : c.emotion_units) r.emotion_units[emotion] = units;
  r.pain_units = c.pain_units;
  r.pain_sometimes_units = c.pain_sometimes_units;
  r.null_seeds = c.null_seeds;
  for (int k = most_frozen; k >= 0; --k) {
    r.pain_runs.push_back({k});
    if (std::find(c.repeated.begin(), c.repeated.end(), k) == c.repeated.end()) continue;
    for (const std::uint64_t seed : c.pain_seeds) r.pain_runs.push_back({k, seed});
  }
  r.bottom_cut = c.bottom_cut;
  r.co_occurring = c.co_occurring;
  r.seed = c.seed;
  r.report_pictures = c.report_pictures;
  r.values = config_values(c);
  return r;
}

}  // namespace

StudyPlan without_steps(const StudyPlan& plan) {
  StudyPlan copy = plan;
  copy.steps.clear();
  return copy;
}

bool is_hypothesis(const StudyRecord& record, const std::string& emotion) {
  return std::any_of(record.hypotheses.begin(), record.hypotheses.end(),
                     [&](const Hypothesis& h) { return h.emotion == emotion; });
}
bool is_hypothesis(const StudyRecord& record, int unit) {
  return std::any_of(record.hypotheses.begin(), record.hypotheses.end(),
                     [&](const Hypothesis& h) { return h.unit == unit; });
}

std::string pain_group(const StudyRecord& record, int unit) {
  const auto in = [unit](const std::vector<int>& units) {
    return std::find(units.begin(), units.end(), unit) != units.end();
  };
  return in(record.pain_units) ? "core" : in(record.pain_sometimes_units) ? "sometimes" : "never";
}

DataSettings data_choice(const StudyPlan& plan, StudySet set, Part part) {
  DataSettings choice = plan.config.data;
  choice.source = source_of(plan.config, set);
  choice.part = part;
  choice.size = plan.config.size;
  if (plan.config.cache) choice.cache = plan.study / "cache";
  // This set does not depend on the selection of another one.
  const DataSettings plain;
  if (set != StudySet::emotion) {
    choice.drop_classes = plain.drop_classes;
    choice.validation_share = plain.validation_share;
  }
  if (set != StudySet::pain) {
    choice.test_participants = plain.test_participants;
    choice.pain_images = plain.pain_images;
    choice.pain_validation = plain.pain_validation;
  }
  if (choice.source.scheme != data::Scheme::folder) choice.orientation = plain.orientation;
  if (set == StudySet::concepts) choice.split_seed = plain.split_seed;
  return choice;
}

void add_inputs(const Fields& fields, const std::string& group, std::map<std::string, std::string>& inputs) {
  for (const Field& field : fields)
    if (field.changes_results && !field.names_content) inputs[group + "." + field.name] = field.text();
}

void add_data_inputs(const StudyPlan& plan, StudySet set, DataSettings choice,
                     std::map<std::string, std::string>& inputs) {
  inputs[fmt::format("data {}", set_name(set))] = plan.fingerprints.at(set_name(set));
  add_inputs(fields_of(choice), "data", inputs);
}

StudyPlan plan_study(const StudyConfig& config, const fs::path& study, const MachineSettings& on, int together) {
  StudyPlan plan;
  plan.config = config;
  plan.study = study;
  plan.on = plan.alone = on;
  plan.alone.threads = effective_threads(on.threads);
  plan.on.threads = std::max(1, plan.alone.threads / together);
  plan.processor = make_device(plan.on)->info().fingerprint();
  plan.processor_alone = together == 1 ? plan.processor : make_device(plan.alone)->info().fingerprint();
  plan.record = new_record(config);
  for (const StudySet set : {StudySet::emotion, StudySet::pain, StudySet::concepts})
    plan.fingerprints[set_name(set)] = data_fingerprint(source_of(config, set));
  plan.record.emotions = read_set(plan, StudySet::emotion).parts.test.classes;
  const data::Dataset pain_frames = read_set(plan, StudySet::pain).parts.train;
  plan.peaks = read_set(plan, StudySet::concepts).parts.test;
  check_emotions(plan);
  count_units(plan);
  measure_pain_bits(plan, pain_frames);
  plan_training(plan);
  plan_measures(plan);
  plan_features(plan);
  plan_probes(plan);
  plan_explanations(plan);
  plan_concepts(plan);
  plan_pairs(plan);
  plan_mitigation(plan);
  plan_null(plan);
  plan_null_summary(plan);
  plan_summary(plan);
  return plan;
}

}  // namespace palimpsest::experiments
