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
#include "experiments/study/named_concepts.h"

namespace palimpsest::experiments {

namespace {

const char* set_name(StudySet set) {
  return set == StudySet::emotion ? "emotion" : set == StudySet::pain ? "pain" : "concepts";
}

// As the user calls it.
std::string name_of(const StudyRecord& record, StudySet set) {
  return set == StudySet::emotion ? record.names.source : set == StudySet::pain ? record.names.target : "concepts";
}

bool has(const StudyConfig& config, StudySet set);

const data::Source& source_of(const StudyConfig& config, StudySet set) {
  return set == StudySet::emotion ? config.emotion : set == StudySet::pain ? config.pain : config.concepts;
}

bool has(const StudyConfig& config, StudySet set) {
  return !source_of(config, set).text.empty();
}

constexpr StudySet all_sets[]{StudySet::emotion, StudySet::pain, StudySet::concepts};

bool is_drawn(const StudyConfig& config) {
  if (config.drawn != Drawn::automatic) return config.drawn == Drawn::yes;
  return std::ranges::all_of(all_sets, [&](StudySet set) {
    return !has(config, set) || fs::exists(source_of(config, set).path / "drawn.json");
  });
}

void add_part(StudyRecord& record, const std::string& name, const data::Dataset& set) {
  StudyRecord::Part part{name, {}};
  const auto counts = data::class_counts(set);
  for (std::size_t c = 0; c < set.classes.size(); ++c) part.classes.emplace_back(set.classes[c], counts[c]);
  record.parts.push_back(std::move(part));
}

// A study may go on on another machine.
std::vector<std::string> with_earlier_machines(const std::string& machine, const fs::path& record) {
  std::vector<std::string> machines;
  try {
    if (fs::exists(record)) machines = read_study_record(record).machines;
  } catch (const Error&) {
    // of another version, or damaged: it is about to be written again
  }
  if (std::ranges::find(machines, machine) == machines.end()) machines.push_back(machine);
  return machines;
}

void add_choices(StudyRecord& record, const std::string& set, const data::Selected& selected) {
  for (const auto& [key, value] : selected.choices) record.choices.emplace_back(fmt::format("{}: {}", set, key), value);
  for (const auto& warning : selected.warnings) record.warnings.push_back(fmt::format("{}: {}", set, warning));
}

// Reads one set and adds its contents to the record.
data::Selected read_set(StudyPlan& plan, StudySet set) {
  data::Selected selected = select_data(data_choice(plan, set, Part::test));
  const std::string name = name_of(plan.record, set);
  add_choices(plan.record, name, selected);
  if (set == StudySet::concepts) return selected;
  add_part(plan.record, fmt::format("{}, training", name), selected.parts.train);
  add_part(plan.record, fmt::format("{}, validation", name), selected.parts.validation);
  add_part(plan.record, fmt::format("{}, test", name), selected.parts.test);
  if (selected.parts.test.samples.empty())
    throw Error(fmt::format("{} has no test part", source_of(plan.config, set).text),
                "use a set that has one, or of a folder of classes set a test-share");
  for (const data::Dataset* part :
       {&selected.parts.train, &selected.parts.test})  // otherwise their recall would be undefined
    data::require_every_class(*part, part == &selected.parts.test ? "test part" : "training part");
  return selected;
}

void check_emotions(const StudyPlan& plan) {
  const auto check = [&](const std::string& emotion, const char* key) {
    const auto& known = plan.record.emotions;
    if (std::find(known.begin(), known.end(), emotion) == known.end())
      throw Error(fmt::format("{}: {} names the {} '{}', which {} does not have", plan.config.path.string(), key,
                              plan.record.names.source, emotion, plan.config.emotion.text),
                  fmt::format("its {} are {}", plan.record.names.sources, fmt::join(known, ", ")));
  };
  for (const Hypothesis& hypothesis : plan.record.hypotheses) check(hypothesis.emotion, "hypotheses");
  for (const std::string& emotion : plan.config.explained_emotions) check(emotion, "explain.emotions");
}

// The action units that the peak frames show often enough, and rarely enough, to be tested.
void count_units(StudyPlan& plan) {
  const int images = int(plan.peaks.samples.size());
  for (const int unit : data::action_units_in(plan.peaks)) {
    const auto labels = data::action_unit_labels(plan.peaks, unit);
    const int positives = int(std::count(labels.begin(), labels.end(), 1));
    plan.record.units.push_back({unit, plan.concept_names.empty() ? "" : plan.concept_names[std::size_t(unit - 1)],
                                 positives, images, enough_peaks(plan.config, labels)});
  }
}

void read_concepts(StudyPlan& plan) {
  plan.peaks = part_of(read_set(plan, StudySet::concepts), data_choice(plan, StudySet::concepts, Part::test).part);
  if (!plan.config.concept_labels.empty())
    plan.peaks = with_concepts(std::move(plan.peaks), plan.config.concept_labels, plan.concept_names);
  count_units(plan);
  if (plan.record.units.empty())
    throw Error(fmt::format("{} has no action units", plan.config.concepts.text),
                "use a set in CK+'s layout, or name other concepts in a CSV with concept-labels");
}

// The numbers of concepts that a hypothesis names, and of what the configuration says of action units only that which
// concerns this study.
void name_hypotheses(StudyRecord& record) {
  for (Hypothesis& h : record.hypotheses) {
    if (h.name.empty()) continue;
    const auto unit = std::ranges::find(record.units, h.name, &StudyRecord::Unit::name);
    if (unit == record.units.end()) {
      std::vector<std::string> names;
      for (const auto& known : record.units)
        names.push_back(known.name.empty() ? std::to_string(known.number) : known.name);
      throw Error(fmt::format("a hypothesis names '{}', which is none of the concepts", h.name),
                  fmt::format("they are {}", fmt::join(names, ", ")));
    }
    h.unit = unit->number;
  }
  std::erase_if(record.emotion_units, [&](const auto& entry) {
    return std::ranges::find(record.emotions, entry.first) == record.emotions.end();
  });
  const bool named = std::ranges::any_of(record.units, [](const auto& unit) { return !unit.name.empty(); });
  if (named) {
    record.emotion_units.clear();
    record.bottom_cut.clear();
  }
  if (named || record.given() || record.names.target != TaskNames().target)
    record.pain_units = record.pain_sometimes_units = {};
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
  r.names = with_plurals(c.names);
  r.drawn = is_drawn(c);
  r.from_scratch = c.model.init.empty();
  r.hypotheses = c.hypotheses;
  if (c.names.source != TaskNames().source && c.hypotheses == paper_hypotheses()) r.hypotheses.clear();
  for (const auto& [emotion, units] : c.emotion_units) r.emotion_units[emotion] = units;
  r.pain_units = c.pain_units;
  r.pain_sometimes_units = c.pain_sometimes_units;
  r.null_seeds = c.null_seeds;
  r.runs.clear();
  for (int k = most_frozen; k >= 0; --k) {
    r.runs.push_back({k});
    if (std::find(c.repeated.begin(), c.repeated.end(), k) == c.repeated.end()) continue;
    for (const std::uint64_t seed : c.pain_seeds) r.runs.push_back({k, seed});
  }
  r.bottom_cut = c.bottom_cut;
  r.co_occurring = c.co_occurring;
  r.seed = c.seed;
  r.report_pictures = c.report_pictures;
  r.values = config_values(c);
  return r;
}

}  // namespace

bool enough_peaks(const StudyConfig& config, std::span<const std::int64_t> labels) {
  if (config.paper_peaks > 0) labels = labels.first(std::min(labels.size(), std::size_t(config.paper_peaks)));
  const auto positives = std::count(labels.begin(), labels.end(), 1), least = std::ptrdiff_t(config.min_positives);
  return positives >= least && std::ssize(labels) - positives >= least;
}

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

fs::path regions_known(const StudyPlan& plan) {
  if (plan.record.drawn) return plan.config.emotion.path;
  return plan.config.emotion.scheme == data::Scheme::folder || !plan.concept_names.empty() ? "" : "landmarks";
}

DataSettings data_choice(const StudyPlan& plan, StudySet set, Part part) {
  DataSettings choice = plan.config.data;
  choice.source = source_of(plan.config, set);
  choice.part = part;
  choice.size = plan.given.empty() ? plan.config.size : plan.config.data.size;  // none: each network's own
  if (plan.config.cache) choice.cache = plan.study / "cache";
  // This set does not depend on the selection of another one.
  const DataSettings plain;
  if (set != StudySet::emotion) choice.drop_classes = plain.drop_classes;
  if (set == StudySet::concepts) {
    choice.test_share = plain.test_share;
    choice.validation_share = plain.validation_share;
  }
  if (set == StudySet::pain && choice.source.scheme == data::Scheme::unbc) {
    choice.drop_classes = plain.drop_classes;
    choice.validation_share = plain.validation_share;
  }
  if (choice.source.scheme != data::Scheme::folder) choice.test_share = plain.test_share;
  if (set == StudySet::concepts && choice.source.scheme == data::Scheme::folder) choice.part = Part::all;
  if (choice.source.scheme != data::Scheme::unbc) {
    choice.test_participants = plain.test_participants;
    choice.pain_images = plain.pain_images;
    choice.pain_validation = plain.pain_validation;
  }
  if (choice.source.scheme != data::Scheme::folder) choice.orientation = plain.orientation;
  if (set == StudySet::concepts) choice.split_seed = plain.split_seed;
  return choice;
}

void add_inputs(const Fields& fields, std::string_view group, std::map<std::string, std::string>& inputs) {
  for (const Field& field : fields)
    if (field.changes_results && !field.names_content) inputs[fmt::format("{}.{}", group, field.name)] = field.text();
}

void add_data_inputs(const StudyPlan& plan, StudySet set, DataSettings choice,
                     std::map<std::string, std::string>& inputs) {
  inputs[fmt::format("data {}", set_name(set))] = plan.fingerprints.at(set_name(set));
  Fields fields = fields_of(choice);
  if (choice.source.scheme != data::Scheme::folder)
    std::erase_if(fields, [](const Field& field) { return field.name == "test-share"; });
  add_inputs(fields, "data", inputs);
}

StudyPlan plan_study(const StudyConfig& config, const fs::path& study, const MachineSettings& on, int together,
                     const std::map<int, fs::path>& given) {
  StudyPlan plan;
  plan.config = config;
  plan.study = study;
  plan.given = given;
  plan.on = plan.alone = on;
  plan.alone.threads = effective_threads(on.threads);
  plan.on.threads = std::max(1, plan.alone.threads / together);
  const DeviceInfo device = make_device(plan.on)->info();
  plan.processor = device.fingerprint();
  plan.processor_alone = together == 1 ? plan.processor : make_device(plan.alone)->info().fingerprint();
  plan.record = new_record(config);
  plan.record.machines = with_earlier_machines(machine_of(device), study / "study.json");
  if (!given.empty()) {
    plan.record.runs = {{given_before}, {given_after}};
    plan.record.from_scratch = false;
  }
  for (const StudySet set : all_sets)
    if (has(config, set)) plan.fingerprints[set_name(set)] = data_fingerprint(source_of(config, set));
  plan.record.emotions = read_set(plan, StudySet::emotion).parts.test.classes;
  const data::Dataset pain_frames =
      has(config, StudySet::pain) ? read_set(plan, StudySet::pain).parts.train : data::Dataset();
  if (has(config, StudySet::concepts)) read_concepts(plan);
  name_hypotheses(plan.record);
  check_emotions(plan);
  measure_pain_bits(plan, pain_frames);
  if (given.empty()) plan_training(plan);
  plan_features(plan);
  plan_probes(plan);
  plan_measures(plan);
  plan_explanations(plan);
  if (!plan.peaks.samples.empty()) plan_concepts(plan);
  plan_pairs(plan);
  plan_representation(plan);
  if (given.empty()) plan_mitigation(plan);
  if (given.empty()) {
    plan_null(plan);
    plan_null_summary(plan);
  }
  plan_summary(plan);
  return plan;
}

}  // namespace palimpsest::experiments
