// summary/summary.json: the study's key figures, for comparing several studies (seeds).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/estimate.h"
#include "analysis/predictions.h"
#include "base/error.h"
#include "experiments/pair_tables.h"
#include "experiments/study/plan.h"
#include "experiments/study/same_training.h"

namespace palimpsest::experiments {

namespace {

using Json = nlohmann::ordered_json;

Json recalls(const fs::path& predictions, const std::vector<std::string>& names) {
  Json json = Json::object();
  const auto rows = analysis::recall_per_class(analysis::confusion_matrix(analysis::read_predictions(predictions)));
  double mean = 0;
  for (std::size_t c = 0; c < rows.size() && c < names.size(); ++c) {
    json[names[c]] = rows[c].recall;
    mean += rows[c].recall / double(names.size());
  }
  json["mean"] = mean;
  return json;
}

void add_recalls(Json& json, const fs::path& study, const StudyRecord& record) {
  for (const int k : record.models())
    json["emotion_recall"][short_name(k)] = recalls(study / source_predictions(record, k), record.emotions);
  if (record.given()) return;
  json["emotion_model"] = recalls(study / evaluation_of(source_step(record)), record.emotions);
  const std::vector<std::string> classes = target_classes(record);
  for (const int k : record.models()) {
    const Json target = recalls(study / evaluation_of(target_step(record, {k})), classes);
    json["pain_recall"][short_name(k)] = classes.size() == 2 ? target[classes[1]] : target["mean"];
  }
}

void add_losses(Json& json, const fs::path& study) {
  const Losses losses = read_losses(study / "losses/losses.json");
  for (const LossRow& row : losses.rows)
    json["emotion_auc"][short_name(row.k)][row.emotion] = {{"before", row.auc.before},
                                                           {"after", row.auc.after},
                                                           {"lost", row.auc.loss.value},
                                                           {"low", row.auc.loss.low},
                                                           {"high", row.auc.loss.high},
                                                           {"p", row.auc.loss.test.p},
                                                           {"holm", row.holm},
                                                           {"runs", row.auc.runs},
                                                           {"p_images", row.auc.images.test.p},
                                                           {"recall_before", row.recall_before},
                                                           {"recall_after", row.recall_after}};
  for (const LossSummary& model : losses.models) json["omnibus_p"][short_name(model.k)] = model.all.p;
}

void add_tests(Json& json, const fs::path& study, const StudyRecord& record) {
  for (const McNemarRow& row : read_mcnemar_rows(study / "mcnemar/mcnemar.json"))
    json["mcnemar"][short_name(row.k)][row.emotion] = {
        {"b", row.test.b}, {"c", row.test.c}, {"p", row.test.exact_p}, {"holm", row.holm}};
  if (record.units.empty()) return;
  for (const ConceptRow& row : read_concept_rows(study / "concepts/concepts.json"))
    json["concept"][short_name(row.k)][fmt::format("{}{}", concept_name(record, row.unit),
                                                   row.faces == Faces::full ? "" : " " + word_of(row.faces))] = {
        {"auc_before", row.auc.before},
        {"auc_after", row.auc.after},
        {"auc_lost", row.auc.loss.value},
        {"low", row.auc.loss.low},
        {"high", row.auc.loss.high},
        {"p", row.auc.loss.test.p},
        {"holm", row.holm},
        {"f1_before", row.f1_before},
        {"f1_after", row.f1_after},
        {"p_paired", row.paired.p},
        {"p_corrected", row.corrected.p},
        {"hypothesis", row.hypothesis},
        {"difference", row.difference}};
}

void add_ranking(Json& json, const std::string& name, const RankingRow& row) {
  const auto figure = [](std::optional<double> value) { return value ? Json(*value) : Json(nullptr); };
  json["mean_auc_lost"][name] = row.mean_lost;
  json["ranking_auc"][name] = figure(row.auc);
  json["ranking_auc_core"][name] = figure(row.auc_core);
  json["spearman_bits"][name] = figure(row.spearman_bits);
  json["tau_bits"][name] = figure(row.tau_bits);
  json["ranking_p"][name] = figure(row.p);
  json["ranking_p_core"][name] = figure(row.p_core);
}

// Of each model, and "pooled": of those with further runs together.
void add_rankings(Json& json, const fs::path& study, const StudyRecord& record) {
  std::vector<RankingRow> repeated;
  for (const RankingRow& row : read_ranking_rows(study / "ranking/ranking.json")) {
    add_ranking(json, short_name(row.k), row);
    if (std::ranges::count(record.runs, row.k, &ModelRun::k) > 1) repeated.push_back(row);
  }
  if (!repeated.empty()) add_ranking(json, "pooled", pooled_ranking(repeated, record));
}

// How much less or more B0 uses an action unit of an emotion for it than B5 does, by pairs of faces with and without.
void add_pairs(Json& json, const fs::path& study, const StudyRecord& record) {
  const fs::path file = study / "pairs/effects.json";
  std::map<int, std::vector<double>> changes;
  Json& pairs = json["pairs"] = Json::object();
  try {
    for (const Json& row : Json::parse(read_file(file))) {
      const auto units = record.emotion_units.find(row.at("class"));
      const int unit = row.at("action_unit");
      if (row.at("context") != every_context || units == record.emotion_units.end() ||
          std::ranges::count(units->second, unit) == 0)
        continue;
      pairs["AU" + std::to_string(unit)][units->first] = {
          {"before", row.at("effect_before")}, {"after", row.at("effect_after")}, {"change", row.at("difference")}};
      changes[unit].push_back(row.at("difference").at("mean"));
    }
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", file.string(), error.what()), "run again with --redo pairs");
  }
  std::map<std::string, std::vector<double>> groups;
  for (const auto& [unit, values] : changes) {
    json["pair_change"]["AU" + std::to_string(unit)] = analysis::mean_of(values);
    groups[pain_group(record, unit)].push_back(analysis::mean_of(values));
  }
  for (const auto& [group, values] : groups) json["pair_change"][group] = analysis::mean_of(values);
  if (groups.contains("never") && groups.contains("core"))
    json["pair_change"]["never less core"] = analysis::mean_of(groups["never"]) - analysis::mean_of(groups["core"]);
}

// How often tests reject between two runs of one training.
void add_rejections(Json& json, const fs::path& study, const StudyRecord& record) {
  analysis::Rejections rejections;
  add_same_training(study, record, 0, rejections);
  for (const auto& rate : rejections.rates())
    json["same_training"][rate.test] = {{"tests", rate.tests}, {"rejected", rate.rejected}, {"rate", rate.rate()}};
}

}  // namespace

void plan_summary(StudyPlan& plan) {
  Step step{"summary", "the key figures", {}, {}, {"summary.json"}, {}};
  const StudyRecord& record = plan.record;
  step.reads = {"mcnemar/mcnemar.json", "losses/losses.json"};
  if (!record.units.empty()) step.reads.insert(step.reads.end(), {"concepts/concepts.json", "ranking/ranking.json"});
  for (const int k : record.models()) step.reads.push_back(source_predictions(record, k));
  for (const ModelRun& run : record.runs)
    for (const char* file : {"/log_odds.npy", "/predictions.csv"}) step.reads.push_back(run_step("probe", run) + file);
  if (!record.given()) {
    step.reads.push_back(evaluation_of(source_step(record)));
    for (const int k : record.models()) step.reads.push_back(evaluation_of(target_step(record, {k})));
  }
  add_inputs(of_table(fields_of(plan.config), "action-units"), "action-units", step.inputs);
  const bool with_pairs = !plan.config.pairs.empty();
  if (with_pairs) step.reads.emplace_back("pairs/effects.json");
  step.run = [study = plan.study, record, with_pairs](const fs::path& folder) {
    Json json = {{"seed", record.seed}, {"emotions", record.emotions}, {"machines", record.machines}};
    add_recalls(json, study, record);
    add_losses(json, study);
    add_rejections(json, study, record);
    add_tests(json, study, record);
    if (!record.units.empty()) add_rankings(json, study, record);
    if (with_pairs) add_pairs(json, study, record);
    write_file(folder / "summary.json", json.dump(2) + "\n");
  };
  step.quick = true;
  plan.steps.push_back(std::move(step));
}

}  // namespace palimpsest::experiments
