#include "experiments/study/records.h"

#include <algorithm>

#include "analysis/results_json.h"
#include "base/error.h"

namespace palimpsest::experiments {

void to_json(Json& json, Faces faces) {
  json = word_of(faces);
}
void from_json(const Json& json, Faces& faces) {
  const auto value = value_of<Faces>(json.get<std::string>());
  if (!value) throw nlohmann::json::other_error::create(501, "unknown faces " + json.dump(), &json);
  faces = *value;
}

PALIMPSEST_JSON(ModelRun, k, seed)
PALIMPSEST_JSON(TaskNames, source, sources, target, unit, units)
PALIMPSEST_JSON(Hypothesis, emotion, unit, name)
PALIMPSEST_JSON(StudyRecord::Part, name, classes)
PALIMPSEST_JSON(StudyRecord::Unit, number, name, positives, images, tested, pain_bits)
PALIMPSEST_JSON(StudyRecord, names, emotion, pain, concepts, drawn, from_scratch, emotions, parts, units, hypotheses,
                emotion_units, pain_units, pain_sometimes_units, null_seeds, runs, bottom_cut, co_occurring, seed,
                report_pictures, values, choices, warnings, machines)
PALIMPSEST_JSON(McNemarRow, k, emotion, hypothesis, images, test, holm)
PALIMPSEST_JSON(LossRow, k, emotion, hypothesis, images, auc, holm, recall_before, recall_after)
PALIMPSEST_JSON(LossSummary, k, runs, all, mean, selectivity)
PALIMPSEST_JSON(Losses, c, c_tried, auc, models, rows)
PALIMPSEST_JSON(RankingRow::Unit, number, group, auc_lost, low, high)
PALIMPSEST_JSON(NullRow::Spread, emotion, mean, sd, low, high)
PALIMPSEST_JSON(NullRow::Pair, seed_a, seed_b, emotion, test)
PALIMPSEST_JSON(NullRow, k, seeds, spreads, pairs)
PALIMPSEST_JSON(ConceptRow, unit, k, faces, hypothesis, images, positives, repeats, paper_images, f1_before, f1_after,
                auc, ungrouped, holm, difference, low, high, paired, corrected, grouped_difference, grouped_corrected)
PALIMPSEST_JSON(RankingRow, k, units, mean_lost, auc, auc_core, p, p_core, spearman_bits, tau_bits)

namespace {

template <typename T>
void write_as_json(const fs::path& path, const T& value) {
  write_file(path, Json(value).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

template <typename T>
T read_as_json(const fs::path& path) {
  try {
    return Json::parse(read_file(path, 1 << 28)).get<T>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()),
                path.filename() == "study.json"
                    ? "run palimpsest study again to rewrite it"
                    : fmt::format("run its step again with --redo {}", path.parent_path().filename().string()));
  }
}

}  // namespace

void write_record(const fs::path& path, const StudyRecord& record) {
  write_as_json(path, record);
}
void write_records(const fs::path& path, const std::vector<McNemarRow>& rows) {
  write_as_json(path, rows);
}
void write_losses(const fs::path& path, const Losses& losses) {
  write_as_json(path, losses);
}
void write_records(const fs::path& path, const std::vector<ConceptRow>& rows) {
  write_as_json(path, rows);
}
void write_records(const fs::path& path, const std::vector<RankingRow>& rows) {
  write_as_json(path, rows);
}
void write_records(const fs::path& path, const std::vector<NullRow>& rows) {
  write_as_json(path, rows);
}

StudyRecord read_study_record(const fs::path& path) {
  StudyRecord record = read_as_json<StudyRecord>(path);
  const std::vector<int> models = record.models();
  if (models.size() < 2 || record.runs.front().seed)
    throw Error(fmt::format("{} is not usable: its runs have no model before and after", path.string()),
                "run palimpsest study again to rewrite it");
  for (const ModelRun& run : record.runs)
    if (run.k < 0 || run.k > given_before || std::ranges::find(models, run.k) == models.end())
      throw Error(fmt::format("{} is not usable: it has no model {}", path.string(), run.k),
                  "run palimpsest study again to rewrite it");
  return record;
}
std::vector<McNemarRow> read_mcnemar_rows(const fs::path& path) {
  return read_as_json<std::vector<McNemarRow>>(path);
}
Losses read_losses(const fs::path& path) {
  return read_as_json<Losses>(path);
}
std::vector<ConceptRow> read_concept_rows(const fs::path& path) {
  return read_as_json<std::vector<ConceptRow>>(path);
}
std::vector<RankingRow> read_ranking_rows(const fs::path& path) {
  return read_as_json<std::vector<RankingRow>>(path);
}
std::vector<NullRow> read_null_rows(const fs::path& path) {
  return read_as_json<std::vector<NullRow>>(path);
}

std::string faces_name(Faces faces) {
  switch (faces) {
    case Faces::full:
      return "full face";
    case Faces::blank:
      return "lower face blanked in place";
    case Faces::stretch:
      return "lower face cut off, the rest stretched";
    case Faces::alone:
      return "without faces that show a co-occurring action unit";
  }
  return "";
}

std::string short_name(int k) {
  return k == given_before ? "before" : k == given_after ? "after" : fmt::format("B{}", k);
}
std::string model_name(int k) {
  return k > most_frozen ? "the network " + short_name(k) : "Freeze" + short_name(k);
}

std::vector<int> StudyRecord::models() const {
  std::vector<int> all;
  for (const ModelRun& run : runs)
    if (!run.seed) all.push_back(run.k);
  return all;
}
std::vector<int> StudyRecord::after() const {
  std::vector<int> all = models();
  all.erase(all.begin());
  return all;
}

std::string model_step(std::string_view kind, int k) {
  return fmt::format("{}-{}", kind, step_name_of(short_name(k)));
}
std::string run_step(std::string_view kind, const ModelRun& run) {
  return model_step(kind, run.k) + (run.seed ? fmt::format("-s{}", *run.seed) : "") +
         (run.arm ? "-" + word_of(*run.arm) : "");
}
std::string source_step(const StudyRecord& record) {
  return step_name_of(record.names.source);
}
std::string target_step(const StudyRecord& record, const ModelRun& run) {
  return run_step(step_name_of(record.names.target), run);
}
std::string concept_name(const StudyRecord& record, int unit) {
  const auto known = std::ranges::find(record.units, unit, &StudyRecord::Unit::number);
  return known == record.units.end() || known->name.empty() ? fmt::format("AU{}", unit) : known->name;
}
std::string pain_group(const StudyRecord& record, int unit) {
  const auto in = [unit](const std::vector<int>& units) {
    return std::find(units.begin(), units.end(), unit) != units.end();
  };
  return in(record.pain_units) ? "core" : in(record.pain_sometimes_units) ? "sometimes" : "never";
}

std::string concept_step(const StudyRecord& record, int unit, Faces faces) {
  const std::string name = concept_name(record, unit);
  return fmt::format("concept-{}{}{}", name.starts_with("AU") ? "" : fmt::format("{}-", unit), step_name_of(name),
                     faces == Faces::full ? "" : "-" + word_of(faces));
}
std::string null_step(int k, std::uint64_t seed) {
  return fmt::format("null-b{}-s{}", k, seed);
}

std::string evaluation_of(const std::string& model_step) {
  return "evaluate-" + model_step + "/predictions.csv";
}
std::vector<std::string> target_classes(const StudyRecord& record) {
  std::vector<std::string> classes;
  for (const StudyRecord::Part& part : record.parts)
    if (part.name == record.names.target + ", test")
      for (const auto& [name, images] : part.classes) classes.push_back(name);
  return classes;
}
std::string source_weights(const StudyRecord& record, int k) {
  return model_step(record.given() ? "probe" : "retrain", k) + "/weights.safetensors";
}
std::string source_predictions(const StudyRecord& record, int k) {
  return record.given() ? model_step("probe", k) + "/predictions.csv" : evaluation_of(model_step("retrain", k));
}

}  // namespace palimpsest::experiments
