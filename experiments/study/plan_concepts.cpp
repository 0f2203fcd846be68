// What is still in the features of the last block: the concept tests on the peak frames, and which action units lose.
#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/concept.h"
#include "analysis/exact_ranking.h"
#include "analysis/probe.h"
#include "analysis/results_json.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/ranking.h"
#include "experiments/study/plan.h"

namespace palimpsest::experiments {

namespace {

bool contains(const std::vector<int>& numbers, int number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

struct ConceptStep {
  int unit = 0;
  Faces faces = Faces::full;
  bool hypothesis = false;
  analysis::ConceptOptions options;
  analysis::ConceptLossOptions losses;
  bool standardise = false;
};

// Sets are the record's runs, in its order: main_set(k) is the run of model k from the study's own seed.
int main_set(const StudyRecord& record, int k) {
  return int(std::find(record.runs.begin(), record.runs.end(), ModelRun{k}) - record.runs.begin());
}

ConceptStep concept_options(const StudyPlan& plan, int unit, Faces faces) {
  const ConceptSettings& config = plan.config.concept_test;
  ConceptStep step{unit, faces, is_hypothesis(plan.record, unit), {}, {}, config.standardise};
  step.options.repeats =
      step.hypothesis || plan.config.exploratory_repeats == 0 ? config.repeats : plan.config.exploratory_repeats;
  step.options.c = config.c;
  step.options.folds = config.folds;
  step.options.grouped_repeats = plan.config.grouped_repeats;
  step.options.seed = config.seed;
  step.losses.repeats = plan.config.grouped_repeats;
  step.losses.seed = config.seed;
  const auto& runs = plan.record.runs;
  const int before = main_set(plan.record, plan.record.before());
  for (const int k : plan.record.after()) {
    step.options.pairs.emplace_back(main_set(plan.record, k), before);
    analysis::ConceptLossOptions::Runs& compared = step.losses.compared.emplace_back();
    compared.before = before;
    for (std::size_t set = 0; set < runs.size(); ++set)
      if (runs[set].k == k) compared.after.push_back(int(set));
  }
  return step;
}

// How many of so many peak frames are in the paper's test.
int papers_part(const StudyConfig& config, int frames) {
  return config.paper_peaks == 0 ? frames : std::min(frames, config.paper_peaks);
}

// Of all pain runs, read on first use.
const StudyPlan::PeakFeatures& features_of(const StudyPlan& plan, Faces faces, bool standardise) {
  const std::lock_guard lock(*plan.reading_peaks);  // steps may run beside each other
  StudyPlan::PeakFeatures& known = (*plan.peak_features)[faces];
  if (!known.grams.empty()) return known;
  StudyPlan::PeakFeatures made;
  for (const ModelRun& run : plan.record.runs) {
    const analysis::FeatureVectors x = analysis::read_feature_vectors(plan.at(peak_features(run, faces)));
    const int tested = papers_part(plan.config, x.rows);
    const auto first = std::span(x.values).first(std::size_t(tested) * std::size_t(x.columns));
    made.grams.push_back(analysis::linear_gram(x.name, first, tested, standardise));
    made.grams.back().name =
        fmt::format("{}{}", model_name(run.k), run.seed ? fmt::format(", seed {}", *run.seed) : "");
    made.coordinates.push_back(analysis::ProbeFeatures(x.values, {}, x.columns, x.name).train());
  }
  return known = std::move(made);
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

// Which of the peak frames show none of the co-occurring action units.
std::vector<int> alone(const StudyRecord& record, const data::Dataset& peaks) {
  std::vector<int> rows;
  for (std::size_t i = 0; i < peaks.samples.size(); ++i) rows.push_back(int(i));
  for (const int unit : record.co_occurring) {
    const auto labels = data::action_unit_labels(peaks, unit);
    std::erase_if(rows, [&](int row) { return labels[std::size_t(row)] == 1; });
  }
  return rows;
}

data::Dataset only(const data::Dataset& peaks, const std::vector<int>& rows) {
  data::Dataset some = peaks;
  some.samples.clear();
  for (const int row : rows) some.samples.push_back(peaks.samples[std::size_t(row)]);
  return some;
}

// Those of these peak frames, in ascending order, that are in the paper's test.
std::vector<int> papers_part(const StudyConfig& config, std::vector<int> rows) {
  if (config.paper_peaks > 0) rows.erase(std::ranges::lower_bound(rows, config.paper_peaks), rows.end());
  return rows;
}

// Whether enough faces show the unit, and enough do not, without those that show a co-occurring one.
bool enough_alone(StudyPlan& plan, int unit) {
  if (plan.record.co_occurring.empty() || contains(plan.record.co_occurring, unit)) return false;
  const std::vector<int> rows = alone(plan.record, plan.peaks);
  const auto labels = data::action_unit_labels(only(plan.peaks, rows), unit);
  const auto tested = std::span(labels).first(papers_part(plan.config, rows).size());
  const auto positives = std::count(tested.begin(), tested.end(), 1);
  if (enough_peaks(plan.config, tested)) return true;
  plan.record.warnings.push_back(fmt::format("AU{} without AU{}: {} of {} peak frames show it; not tested", unit,
                                             fmt::join(plan.record.co_occurring, ", AU"), positives, tested.size()));
  return false;
}

void run_concept(const StudyPlan& plan, const ConceptStep& step, const fs::path& folder) {
  data::Dataset peaks = peaks_in(plan.at(peak_ids(plan.record, step.faces)), plan.peaks);
  const StudyPlan::PeakFeatures* x = &features_of(plan, step.faces, step.standardise);
  StudyPlan::PeakFeatures some;
  int tested = papers_part(plan.config, int(peaks.samples.size()));
  if (step.faces == Faces::alone) {
    const std::vector<int> rows = alone(plan.record, peaks), first = papers_part(plan.config, rows);
    for (const analysis::Gram& gram : x->grams) some.grams.push_back(analysis::rows_of(gram, first));
    for (const Eigen::MatrixXd& all : x->coordinates) some.coordinates.emplace_back(all(rows, Eigen::all));
    x = &some;
    tested = int(first.size());
    peaks = only(peaks, rows);
  }
  const auto labels = data::action_unit_labels(peaks, step.unit), groups = data::subject_groups(peaks);
  const auto part = [&](const std::vector<std::int64_t>& all) { return std::span(all).first(std::size_t(tested)); };
  const analysis::ConceptResult papers = analysis::concept_test(x->grams, part(labels), part(groups), step.options);
  const analysis::ConceptLosses probes = analysis::concept_losses(x->coordinates, labels, groups, step.losses);
  write_file(folder / "concept.json", analysis::concept_json(papers, probes, true));
}

void plan_concept(StudyPlan& plan, const StudyPlan& shared, int unit, Faces faces) {
  const ConceptStep options = concept_options(plan, unit, faces);
  Step step{concept_step(plan.record, unit, faces),
            fmt::format("is {} still decodable ({})?", concept_name(plan.record, unit),
                        plan.concept_names.empty() ? faces_name(faces) : "all images"),
            {{"hypothesis", options.hypothesis ? "yes" : "no"}, {"data concepts", plan.fingerprints.at("concepts")}},
            {peak_ids(plan.record, faces)},
            {"concept.json"},
            {}};
  ConceptSettings settings = plan.config.concept_test;
  settings.repeats = options.options.repeats;
  add_inputs(fields_of(settings), "concept", step.inputs);
  step.inputs["concept.paper-peaks"] = std::to_string(plan.config.paper_peaks);
  step.inputs["concept.grouped-repeats"] = std::to_string(options.options.grouped_repeats);
  step.inputs["probes' costs"] = fmt::format("{}", fmt::join(analysis::kProbeCosts, " "));
  if (faces == Faces::alone) step.inputs["co-occurring"] = fmt::format("{}", fmt::join(plan.record.co_occurring, " "));
  for (const ModelRun& run : plan.record.runs) step.reads.push_back(peak_features(run, faces));
  step.run = [shared, options](const fs::path& folder) { run_concept(shared, options, folder); };
  plan.steps.push_back(std::move(step));
}

std::vector<ConceptRow> rows_of(const Json& json, const StudyRecord& record, int unit, Faces faces) {
  std::vector<ConceptRow> rows;
  std::size_t number = 0;
  for (const int k : record.after()) {
    const Json& pair = json.at("pairs").at(number);
    const auto f1 = [&](int model) -> double {
      return json.at("sets").at(std::size_t(main_set(record, model))).at("f1_mean");
    };
    ConceptRow row;
    row.unit = unit;
    row.k = k;
    row.faces = faces;
    row.hypothesis = is_hypothesis(record, unit);
    const Json &probes = json.at("probes"), &grouped = json.at("grouped");
    row.images = probes.at("images");
    row.positives = probes.at("positives");
    row.paper_images = json.at("images");
    row.repeats = json.at("repeats");
    row.f1_before = f1(record.before());
    row.f1_after = f1(k);
    row.difference = pair.at("effect").at("mean");
    row.low = pair.at("effect").at("low");
    row.high = pair.at("effect").at("high");
    row.paired = pair.at("paired_t").get<analysis::TTest>();
    row.corrected = pair.at("corrected_t").get<analysis::TTest>();
    row.ungrouped = probes.at("halves") != word_of(analysis::FoldKind::grouped);
    row.auc = probes.at("losses").at(number).get<analysis::ConceptLoss>();
    if (!grouped.is_null()) {
      row.grouped_difference = grouped.at("pairs").at(number).at("effect").at("mean");
      row.grouped_corrected = grouped.at("pairs").at(number).at("corrected_t").get<analysis::TTest>();
    }
    rows.push_back(row);
    ++number;
  }
  return rows;
}

using Tested = std::vector<std::pair<int, Faces>>;

void run_concept_rows(const fs::path& study, const StudyRecord& record, const Tested& tested, const fs::path& folder) {
  std::vector<ConceptRow> rows;
  for (const auto& [unit, faces] : tested) {
    const std::string step = concept_step(record, unit, faces);
    const fs::path file = study / step / "concept.json";
    try {
      const auto more = rows_of(Json::parse(read_file(file)), record, unit, faces);
      rows.insert(rows.end(), more.begin(), more.end());
    } catch (const Json::exception& error) {
      throw Error(fmt::format("{} is not usable: {}", file.string(), error.what()), "run again with --redo " + step);
    }
  }
  adjust<ConceptRow>(rows, [](const ConceptRow& row) { return row.auc.loss.test.p; });
  write_records(folder / "concepts.json", rows);
}

// How well losses separate "never" from the rest, and the exact p of that.
void separate(const RankingRow& row, bool against_core, std::optional<double>& auc, std::optional<double>& p) {
  std::vector<double> lost;
  std::vector<std::uint8_t> never;
  for (const RankingRow::Unit& unit : row.units) {
    if (against_core && unit.group == "sometimes") continue;
    lost.push_back(unit.auc_lost);
    never.push_back(unit.group == "never");
  }
  const auto count = std::count(never.begin(), never.end(), 1);
  if (count == 0 || count == std::ssize(never)) return;
  auc = ranking_auc(lost, never);
  p = analysis::exact_ranking_p(lost, never);
}

void correlate(RankingRow& row, const StudyRecord& record) {
  std::vector<double> lost, bits;
  for (const RankingRow::Unit& unit : row.units)
    for (const StudyRecord::Unit& known : record.units)
      if (known.number == unit.number && known.pain_bits) {
        lost.push_back(unit.auc_lost);
        bits.push_back(*known.pain_bits);
      }
  if (lost.size() < 3) return;
  row.spearman_bits = spearman(lost, bits);
  row.tau_bits = kendall_tau_b(lost, bits);
}

RankingRow ranked(std::vector<RankingRow::Unit> units, const StudyRecord& record) {
  RankingRow result;
  result.units = std::move(units);
  std::map<std::string, int> counts;
  for (const RankingRow::Unit& unit : result.units) {
    result.mean_lost[unit.group] += unit.auc_lost;
    ++counts[unit.group];
  }
  for (auto& [group, mean] : result.mean_lost) mean /= counts[group];
  separate(result, false, result.auc, result.p);
  separate(result, true, result.auc_core, result.p_core);
  correlate(result, record);
  return result;
}

RankingRow ranking_row(const std::vector<ConceptRow>& rows, const StudyRecord& record, int k) {
  std::vector<RankingRow::Unit> units;
  for (const ConceptRow& row : rows) {
    if (row.k != k || row.faces != Faces::full) continue;
    const analysis::Estimate& loss = row.auc.loss;
    units.push_back({row.unit, pain_group(record, row.unit), loss.value, loss.low, loss.high});
  }
  RankingRow result = ranked(std::move(units), record);
  result.k = k;
  return result;
}

void run_ranking(const fs::path& study, const StudyRecord& record, const fs::path& folder) {
  const auto rows = read_concept_rows(study / "concepts/concepts.json");
  std::vector<RankingRow> ranking;
  for (const int k : record.after()) ranking.push_back(ranking_row(rows, record, k));
  write_records(folder / "ranking.json", ranking);
}

}  // namespace

RankingRow pooled_ranking(const std::vector<RankingRow>& models, const StudyRecord& record) {
  PALIMPSEST_REQUIRE(!models.empty(), "no models");
  std::vector<RankingRow::Unit> units = models.front().units;
  for (std::size_t i = 0; i < units.size(); ++i) {
    units[i].auc_lost = units[i].low = units[i].high = 0;
    for (const RankingRow& model : models) units[i].auc_lost += model.units.at(i).auc_lost / double(models.size());
  }
  return ranked(std::move(units), record);
}

void plan_concepts(StudyPlan& plan) {
  const StudyPlan shared = without_steps(plan);
  Tested tested;
  for (const StudyRecord::Unit& unit : plan.record.units) {
    if (!unit.tested) continue;
    tested.emplace_back(unit.number, Faces::full);
    if (!contains(plan.record.bottom_cut, unit.number)) continue;
    tested.emplace_back(unit.number, Faces::blank);
    tested.emplace_back(unit.number, Faces::stretch);
    if (enough_alone(plan, unit.number)) tested.emplace_back(unit.number, Faces::alone);
  }
  for (const auto& [unit, faces] : tested) plan_concept(plan, shared, unit, faces);
  Step rows{"concepts", "the concept tests together, with Holm's correction", {}, {}, {"concepts.json"}, {}};
  for (const auto& [unit, faces] : tested)
    rows.reads.push_back(concept_step(plan.record, unit, faces) + "/concept.json");
  rows.run = [study = plan.study, record = plan.record, tested](const fs::path& folder) {
    run_concept_rows(study, record, tested, folder);
  };
  rows.quick = true;
  plan.steps.push_back(std::move(rows));
  Step ranking{"ranking",
               plan.record.pain_units.empty() ? fmt::format("which {} lose most", plan.record.names.units)
                                              : fmt::format("do {} that {} never uses lose more?",
                                                            plan.record.names.units, plan.record.names.target),
               {},
               {"concepts/concepts.json"},
               {"ranking.json"},
               {}};
  Fields units = of_table(fields_of(plan.config), "action-units");
  std::erase_if(units, [](const Field& field) { return field.name == "emotions"; });
  add_inputs(units, "action-units", ranking.inputs);
  if (const auto pain = plan.fingerprints.find("pain"); pain != plan.fingerprints.end())
    ranking.inputs["data pain"] = pain->second;
  ranking.run = [study = plan.study, record = plan.record](const fs::path& folder) {
    run_ranking(study, record, folder);
  };
  ranking.quick = true;
  plan.steps.push_back(std::move(ranking));
}

}  // namespace palimpsest::experiments
