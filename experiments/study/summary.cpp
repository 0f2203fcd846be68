// summary/summary.json: the study's key figures, for comparing several studies (seeds).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "analysis/predictions.h"
#include "experiments/study/plan.h"

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
  for (const RankingRow& row : read_ranking_rows(study / "ranking/ranking.json")) {
    const std::string name = short_name(row.k);
    json["mean_auc_lost"][name] = row.mean_lost;
    json["ranking_auc"][name] = row.auc ? Json(*row.auc) : Json(nullptr);
    json["ranking_auc_core"][name] = row.auc_core ? Json(*row.auc_core) : Json(nullptr);
    json["spearman_bits"][name] = row.spearman_bits ? Json(*row.spearman_bits) : Json(nullptr);
    json["tau_bits"][name] = row.tau_bits ? Json(*row.tau_bits) : Json(nullptr);
    json["ranking_p"][name] = row.p ? Json(*row.p) : Json(nullptr);
    json["ranking_p_core"][name] = row.p_core ? Json(*row.p_core) : Json(nullptr);
  }
}

}  // namespace

void plan_summary(StudyPlan& plan) {
  Step step{"summary", "the key figures", {}, {}, {"summary.json"}, {}};
  const StudyRecord& record = plan.record;
  step.reads = {"mcnemar/mcnemar.json", "losses/losses.json"};
  if (!record.units.empty()) step.reads.insert(step.reads.end(), {"concepts/concepts.json", "ranking/ranking.json"});
  for (const int k : record.models()) step.reads.push_back(source_predictions(record, k));
  if (!record.given()) {
    step.reads.push_back(evaluation_of(source_step(record)));
    for (const int k : record.models()) step.reads.push_back(evaluation_of(target_step(record, {k})));
  }
  step.run = [study = plan.study, record](const fs::path& folder) {
    Json json = {{"seed", record.seed}, {"emotions", record.emotions}};
    add_recalls(json, study, record);
    add_losses(json, study);
    add_tests(json, study, record);
    write_file(folder / "summary.json", json.dump(2) + "\n");
  };
  step.quick = true;
  plan.steps.push_back(std::move(step));
}

}  // namespace palimpsest::experiments
