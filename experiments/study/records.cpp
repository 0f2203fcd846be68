#include "experiments/study/records.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/json.h"

namespace palimpsest {

namespace analysis {

namespace {

// JSON has no infinity: a t of equal differences is written as null.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
double number(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::infinity() : json.get<double>();
}

}  // namespace

void to_json(Json& json, const TTest& t) {
  json = {{"t", number(t.t)}, {"df", t.df}, {"p", t.p}};
}
void from_json(const Json& json, TTest& t) {
  t = {number(json.at("t")), json.at("df"), json.at("p")};
}

PALIMPSEST_JSON(McNemar::ChiSquare, statistic, p)
PALIMPSEST_JSON(McNemar, b, c, both_right, both_wrong, exact_p, chi2, chi2_corrected)

}  // namespace analysis

namespace experiments {

PALIMPSEST_JSON(Hypothesis, emotion, unit)
PALIMPSEST_JSON(StudyRecord::Part, name, classes)
PALIMPSEST_JSON(StudyRecord::Unit, number, positives, images, tested)
PALIMPSEST_JSON(StudyRecord, emotion, pain, concepts, drawn, from_scratch, emotions, parts, units, hypotheses,
                emotion_units, pain_units, pain_sometimes_units, null_seeds, bottom_cut, seed, report_pictures, values,
                choices, warnings)
PALIMPSEST_JSON(McNemarRow, k, emotion, hypothesis, images, test, holm)
PALIMPSEST_JSON(RankingRow::Unit, number, group, auc_lost)
PALIMPSEST_JSON(NullRow::Spread, emotion, mean, sd, low, high)
PALIMPSEST_JSON(NullRow::Pair, seed_a, seed_b, emotion, test)
PALIMPSEST_JSON(NullRow, k, seeds, spreads, pairs)
PALIMPSEST_JSON(ConceptRow, unit, k, bottom_cut, hypothesis, images, positives, repeats, f1_before, f1_after,
                auc_before, auc_after, difference, low, high, paired, corrected, holm_paired, holm_corrected,
                grouped_difference, grouped_corrected)
PALIMPSEST_JSON(RankingRow, k, units, mean_lost, auc, auc_core)

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
  return read_as_json<StudyRecord>(path);
}
std::vector<McNemarRow> read_mcnemar_rows(const fs::path& path) {
  return read_as_json<std::vector<McNemarRow>>(path);
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

std::string model_step(const char* kind, int k) {
  return fmt::format("{}-b{}", kind, k);
}
std::string concept_step(int unit, bool bottom_cut) {
  return fmt::format("concept-au{}{}", unit, bottom_cut ? "-cut" : "");
}
std::string null_step(int k, std::uint64_t seed) {
  return fmt::format("null-b{}-s{}", k, seed);
}

}  // namespace experiments

}  // namespace palimpsest
