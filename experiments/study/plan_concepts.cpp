// What is still in the features of the last block: the concept tests on the peak frames, and which action units lose.
#include <algorithm>

#include "analysis/concept.h"
#include "base/ranking.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/json.h"
#include "experiments/predict.h"
#include "experiments/study/plan.h"

namespace palimpsest::experiments {

namespace {

constexpr int models = most_frozen + 1;

std::string features_file(int k, bool cut) {
  return model_step("features", k) + (cut ? "/features-cut.npy" : "/features.npy");
}
std::string ids_file(bool cut) {
  return model_step("features", most_frozen) + (cut ? "/ids-cut.csv" : "/ids.csv");
}

bool contains(const std::vector<int>& numbers, int number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// Hypotheses about units of `bottom_cut` use faces cut at the base of the nose, as in the paper.
bool is_hypothesis(const StudyRecord& record, int unit, bool cut) {
  return std::any_of(record.hypotheses.begin(), record.hypotheses.end(),
                     [unit](const Hypothesis& h) { return h.unit == unit; }) &&
         cut == contains(record.bottom_cut, unit);
}

struct ConceptStep {
  int unit = 0;
  bool cut = false;
  analysis::ConceptOptions options;
  bool standardise = false;
};

ConceptStep concept_options(const StudyPlan& plan, int unit, bool cut) {
  const ConceptSettings& config = plan.config.concept_test;
  const bool hypothesis = is_hypothesis(plan.record, unit, cut);
  ConceptStep step{unit, cut, {}, config.standardise};
  step.options.repeats =
      hypothesis || plan.config.exploratory_repeats == 0 ? config.repeats : plan.config.exploratory_repeats;
  step.options.c = config.c;
  step.options.folds = config.folds;
  step.options.grouped_beside = hypothesis;
  step.options.seed = config.seed;
  for (int k = most_frozen - 1; k >= 0; --k) step.options.pairs.emplace_back(k, most_frozen);
  return step;
}

// The Gram matrices of all models, computed on first use.
const std::vector<analysis::Gram>& grams_of(const StudyPlan& plan, StudyPlan::Grams& grams, bool cut,
                                            bool standardise) {
  std::vector<analysis::Gram>& list = grams[cut];
  if (!list.empty()) return list;
  std::vector<analysis::Gram> made;
  for (int k = 0; k < models; ++k) {
    made.push_back(analysis::read_gram(plan.at(features_file(k, cut)), standardise));
    made.back().name = fmt::format("FreezeB{}", k);
  }
  return list = std::move(made);
}

// The peak frames that have features, in their order. A picture that could not be read has none.
data::Dataset peaks_in(const fs::path& ids, const data::Dataset& peaks) {
  std::map<std::string, std::size_t> by_id;
  for (std::size_t i = 0; i < peaks.samples.size(); ++i) by_id[peaks.samples[i].id] = i;
  data::Dataset found;
  const Csv csv = read_csv(ids);
  const int column = csv.column("id");
  for (std::size_t row = 0; row < csv.rows.size(); ++row) {
    const auto peak = by_id.find(csv.rows[row][std::size_t(column)]);
    if (peak == by_id.end())
      throw Error(fmt::format("{} is not one of the peak frames", csv.where(row)), "run again with --redo features");
    found.samples.push_back(peaks.samples[peak->second]);
  }
  return found;
}

// StudyPlan is copied into the step without its steps, which would otherwise contain themselves.
StudyPlan without_steps(const StudyPlan& plan) {
  StudyPlan copy = plan;
  copy.steps.clear();
  return copy;
}

void plan_features(StudyPlan& plan) {
  const bool cut = !plan.record.bottom_cut.empty();
  for (int k = most_frozen; k >= 0; --k) {
    PredictCommand command;
    command.on = plan.on;
    command.data = data_choice(plan, StudySet::concepts, Part::test);
    command.model.weights = plan.at(model_step("retrain", k) + "/weights.safetensors");
    Step step{model_step("features", k),
              fmt::format("block-5 features of retrain-b{} on the peak frames", k),
              {{"bottom cut", cut ? word_of(plan.config.cut) : "no"}},
              {model_step("retrain", k) + "/weights.safetensors"},
              {"features.npy", "ids.csv"},
              {}};
    if (cut) step.writes.insert(step.writes.end(), {"features-cut.npy", "ids-cut.csv"});
    add_data_inputs(plan, StudySet::concepts, command.data, step.inputs);
    step.run = [command, cut, how = plan.config.cut](const fs::path& folder) {
      PredictCommand c = command;
      c.features = folder / "features.npy";
      c.ids = folder / "ids.csv";
      run_predict(c);
      if (!cut) return;
      c.data.bottom_cut = how;
      c.features = folder / "features-cut.npy";
      c.ids = folder / "ids-cut.csv";
      run_predict(c);
    };
    plan.steps.push_back(std::move(step));
  }
}

void plan_concept(StudyPlan& plan, const StudyPlan& shared, int unit, bool cut) {
  const ConceptStep options = concept_options(plan, unit, cut);
  Step step{concept_step(unit, cut),
            fmt::format("is AU{} still decodable{}?", unit, cut ? ", bottom of the face cut off" : ""),
            {{"hypothesis", options.options.grouped_beside ? "yes" : "no"},
             {"data concepts", plan.fingerprints.at("concepts")}},
            {ids_file(cut)},
            {"concept.json"},
            {}};
  ConceptSettings settings = plan.config.concept_test;
  settings.repeats = options.options.repeats;
  add_inputs(fields_of(settings), "concept", step.inputs);
  for (int k = 0; k < models; ++k) step.reads.push_back(features_file(k, cut));
  step.run = [shared, options](const fs::path& folder) {
    const data::Dataset peaks = peaks_in(shared.at(ids_file(options.cut)), shared.peaks);
    const auto& grams = grams_of(shared, *shared.grams, options.cut, options.standardise);
    const analysis::ConceptResult result = analysis::concept_test(grams, data::action_unit_labels(peaks, options.unit),
                                                                  data::subject_groups(peaks), options.options);
    write_file(folder / "concept.json", analysis::concept_json(result, true));
  };
  plan.steps.push_back(std::move(step));
}

double number_or_infinity(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::infinity() : json.get<double>();
}

analysis::TTest t_test(const Json& json) {
  return {number_or_infinity(json.at("t")), json.at("df"), json.at("p")};
}

std::vector<ConceptRow> rows_of(const fs::path& file, const StudyRecord& record, int unit, bool cut) {
  const auto json = Json::parse(read_file(file));
  std::vector<ConceptRow> rows;
  for (int k = most_frozen - 1; k >= 0; --k) {
    const std::size_t number = std::size_t(most_frozen - 1 - k);
    const auto& pair = json.at("pairs").at(number);
    const auto& before = json.at("sets").at(most_frozen);
    const auto& after = json.at("sets").at(std::size_t(k));
    ConceptRow row;
    row.unit = unit;
    row.k = k;
    row.bottom_cut = cut;
    row.hypothesis = is_hypothesis(record, unit, cut);
    row.images = json.at("images");
    row.positives = json.at("positives");
    row.repeats = json.at("repeats");
    row.f1_before = before.at("f1_mean");
    row.f1_after = after.at("f1_mean");
    row.auc_before = before.at("auc_mean");
    row.auc_after = after.at("auc_mean");
    row.difference = pair.at("effect").at("mean");
    row.low = pair.at("effect").at("low");
    row.high = pair.at("effect").at("high");
    row.paired = t_test(pair.at("paired_t"));
    row.corrected = t_test(pair.at("corrected_t"));
    if (const auto& grouped = json.at("grouped"); !grouped.is_null()) {
      row.grouped_difference = grouped.at("pairs").at(number).at("effect").at("mean");
      row.grouped_corrected = t_test(grouped.at("pairs").at(number).at("corrected_t"));
    }
    rows.push_back(row);
  }
  return rows;
}

// Holm's adjustment over all models and action units, separately for the hypotheses and for the rest.
void adjust(std::vector<ConceptRow>& rows) {
  for (const bool hypothesis : {true, false}) {
    std::vector<double> paired, corrected;
    for (const ConceptRow& row : rows) {
      if (row.hypothesis != hypothesis) continue;
      paired.push_back(row.paired.p);
      corrected.push_back(row.corrected.p);
    }
    const auto holm_paired = analysis::holm(paired), holm_corrected = analysis::holm(corrected);
    std::size_t i = 0;
    for (ConceptRow& row : rows) {
      if (row.hypothesis != hypothesis) continue;
      row.holm_paired = holm_paired[i];
      row.holm_corrected = holm_corrected[i++];
    }
  }
}

using Tested = std::vector<std::pair<int, bool>>;  // unit, bottom cut

void run_concept_rows(const fs::path& study, const StudyRecord& record, const Tested& tested, const fs::path& folder) {
  std::vector<ConceptRow> rows;
  for (const auto& [unit, cut] : tested) {
    const std::string step = concept_step(unit, cut);
    const fs::path file = study / step / "concept.json";
    try {
      const auto more = rows_of(file, record, unit, cut);
      rows.insert(rows.end(), more.begin(), more.end());
    } catch (const Json::exception& error) {
      throw Error(fmt::format("{} is not usable: {}", file.string(), error.what()), "run again with --redo " + step);
    }
  }
  adjust(rows);
  write_records(folder / "concepts.json", rows);
}

RankingRow ranking_row(const std::vector<ConceptRow>& rows, const StudyRecord& record, int k) {
  RankingRow result;
  result.k = k;
  std::map<std::string, int> counts;
  std::vector<double> lost, lost_core;
  std::vector<std::uint8_t> never, never_core;
  for (const ConceptRow& row : rows) {
    if (row.k != k || row.bottom_cut) continue;
    const std::string group = pain_group(record, row.unit);
    const double loss = row.auc_before - row.auc_after;
    result.units.push_back({row.unit, group, loss});
    result.mean_lost[group] += loss;
    ++counts[group];
    lost.push_back(loss);
    never.push_back(group == "never");
    if (group == "sometimes") continue;
    lost_core.push_back(loss);
    never_core.push_back(group == "never");
  }
  for (auto& [group, mean] : result.mean_lost) mean /= counts[group];
  if (counts["never"] == 0) return result;
  if (counts["core"] + counts["sometimes"] > 0) result.auc = ranking_auc(lost, never);
  if (counts["core"] > 0) result.auc_core = ranking_auc(lost_core, never_core);
  return result;
}

void run_ranking(const fs::path& study, const StudyRecord& record, const fs::path& folder) {
  const auto rows = read_concept_rows(study / "concepts/concepts.json");
  std::vector<RankingRow> ranking;
  for (int k = most_frozen - 1; k >= 0; --k) ranking.push_back(ranking_row(rows, record, k));
  write_records(folder / "ranking.json", ranking);
}

}  // namespace

void plan_concepts(StudyPlan& plan) {
  plan_features(plan);
  const StudyPlan shared = without_steps(plan);
  Tested tested;
  for (const StudyRecord::Unit& unit : plan.record.units) {
    if (!unit.tested) continue;
    tested.emplace_back(unit.number, false);
    if (contains(plan.record.bottom_cut, unit.number)) tested.emplace_back(unit.number, true);
  }
  for (const auto& [unit, cut] : tested) plan_concept(plan, shared, unit, cut);
  Step rows{"concepts", "the concept tests together, with Holm's correction", {}, {}, {"concepts.json"}, {}};
  for (const auto& [unit, cut] : tested) rows.reads.push_back(concept_step(unit, cut) + "/concept.json");
  rows.run = [study = plan.study, record = plan.record, tested](const fs::path& folder) {
    run_concept_rows(study, record, tested, folder);
  };
  rows.quick = true;
  plan.steps.push_back(std::move(rows));
  Step ranking{
      "ranking", "do action units that pain never uses lose more?", {}, {"concepts/concepts.json"}, {"ranking.json"},
      {}};
  Fields units = of_table(fields_of(plan.config), "action-units");
  std::erase_if(units, [](const Field& field) { return field.name == "emotions"; });
  add_inputs(units, "action-units", ranking.inputs);
  ranking.run = [study = plan.study, record = plan.record](const fs::path& folder) {
    run_ranking(study, record, folder);
  };
  ranking.quick = true;
  plan.steps.push_back(std::move(ranking));
}

}  // namespace palimpsest::experiments
