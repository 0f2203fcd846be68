#include "experiments/report/results.h"

#include <algorithm>
#include <sstream>

#include "analysis/predictions.h"
#include "base/error.h"
#include "base/json.h"
#include "experiments/pair_tables.h"

namespace palimpsest::experiments::report {

namespace {

template <typename Read>
auto guarded(const fs::path& path, const Read& read) {
  try {
    return read(read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{} is not usable: {}", path.string(), error.what()),
                fmt::format("run its step again with --redo {}", path.parent_path().filename().string()));
  }
}

std::optional<Evaluation> load_evaluation(const fs::path& file) {
  if (!fs::exists(file)) return {};
  const auto matrix = analysis::confusion_matrix(analysis::read_predictions(file));
  return Evaluation{matrix, analysis::scores(matrix), analysis::recall_per_class(matrix)};
}

std::vector<Epoch> load_curve(const fs::path& file) {
  return guarded(file, [](const std::string& text) {
    std::vector<Epoch> curve;
    std::istringstream lines(text);
    const auto optional = [](const Json& json, const char* key) -> std::optional<double> {
      if (!json.contains(key) || !json[key].is_number()) return {};
      return json[key].get<double>();
    };
    for (std::string line; std::getline(lines, line);) {
      const Json json = Json::parse(line);
      curve.push_back({json.at("epoch"), optional(json, "train_loss").value_or(0),
                       optional(json, "train_accuracy").value_or(0), optional(json, "validation_loss"),
                       optional(json, "validation_accuracy")});
    }
    return curve;
  });
}

// Of a trained model's state.json: the options, by their names on the command line, and the device.
std::map<std::string, std::string> training_options(const std::string& state) {
  const std::string group = std::string(training_group) + ".";
  std::map<std::string, std::string> options;
  for (const auto& [key, value] : Json::parse(state).at("inputs").get<std::map<std::string, std::string>>())
    if (key.starts_with(group))
      options[key.substr(group.size())] = value;
    else if (key == "device")
      options[key] = value;
  return options;
}

// PNG names in index.json are relative to its folder, and stay inside it.
fs::path picture(const fs::path& folder, const Json& entry, const char* key) {
  if (!entry.contains(key)) return {};
  return join_inside(folder, entry[key].get<std::string>(), folder / "index.json");
}

void add_regions(std::vector<Disagreement>& list, const fs::path& file) {
  if (!fs::exists(file)) return;
  guarded(file, [&](const std::string& text) {
    std::map<std::string, Disagreement*> by_id;
    for (auto& one : list) by_id[one.id] = &one;
    for (const Json& entry : Json::parse(text)) {
      const auto found = by_id.find(entry.at("id").get<std::string>());
      if (found == by_id.end()) continue;
      for (const auto& [unit, shares] : entry.at("au").items())
        found->second->units[Json::parse(unit).get<int>()] = shares.get<std::map<std::string, double>>();
    }
    return 0;
  });
}

std::vector<Disagreement> load_disagreements(const fs::path& folder) {
  const fs::path pictures = folder / "pictures";
  auto list = guarded(pictures / "index.json", [&](const std::string& text) {
    std::vector<Disagreement> all;
    for (const Json& entry : Json::parse(text)) {
      const auto number = [&](const char* key) {
        return entry.contains(key) ? std::optional(entry[key].get<double>()) : std::nullopt;
      };
      all.push_back({entry.at("id"),
                     entry.at("label"),
                     picture(pictures, entry, "input"),
                     picture(pictures, entry, "a"),
                     picture(pictures, entry, "b"),
                     picture(pictures, entry, "difference"),
                     picture(pictures, entry, "difference_normalised"),
                     picture(pictures, entry, "difference_of_shares"),
                     number("logit_a"),
                     number("logit_b"),
                     number("total_a"),
                     number("total_b"),
                     {},
                     {}});
    }
    return all;
  });
  add_regions(list, folder / "regions.json");
  if (!fs::exists(folder / "truth.json")) return list;
  const auto areas = read_truth_areas(folder / "truth.json");
  for (auto& one : list)
    for (const TruthAreas& truth : areas)
      if (truth.id == one.id) one.truth = truth;
  return list;
}

// The difference of the F1s of the farthest model and of "before", each from the study's own seed.
ConceptRepeats load_repeats(const fs::path& file, const StudyRecord& record) {
  return guarded(file, [&](const std::string& text) {
    const Json json = Json::parse(text);
    const auto f1 = [&](int k) {
      const auto& runs = record.runs;
      const auto set = std::size_t(std::find(runs.begin(), runs.end(), ModelRun{k}) - runs.begin());
      return json.at("sets").at(set).at("f1").get<std::vector<double>>();
    };
    ConceptRepeats repeats{f1(record.farthest())};
    const auto before = f1(record.before());
    for (std::size_t r = 0; r < repeats.differences.size() && r < before.size(); ++r)
      repeats.differences[r] -= before[r];
    return repeats;
  });
}

// Those over all contexts.
std::vector<UnitEffect> load_effects(const fs::path& file) {
  return guarded(file, [](const std::string& text) {
    std::vector<UnitEffect> effects;
    for (const Json& row : Json::parse(text)) {
      if (row.at("context") != every_context) continue;
      const auto figure = [&](const char* name) -> UnitEffect::Figure {
        const Json& f = row.at(name);
        return {f.at("mean"), f.at("low"), f.at("high")};
      };
      UnitEffect effect{row.at("action_unit"),   row.at("pairs"),        row.at("class"),
                        figure("effect_before"), figure("effect_after"), figure("difference"),
                        figure("to_before"),     figure("to_after"),     {}};
      if (!row.at("ratio").is_null()) effect.ratio = figure("ratio");
      effects.push_back(std::move(effect));
    }
    return effects;
  });
}

std::vector<BlockComparison> load_blocks(const fs::path& file) {
  return guarded(file, [](const std::string& text) { return Json::parse(text).get<std::vector<BlockComparison>>(); });
}

void load_models(StudyResults& results) {
  const fs::path& folder = results.folder;
  const StudyRecord& record = results.record;
  const auto add = [&](std::map<int, Evaluation>& to, int k, const std::string& file) {
    if (auto evaluation = load_evaluation(folder / file)) to.emplace(k, std::move(*evaluation));
  };
  std::vector<std::string> steps;
  if (!record.given()) {
    steps.push_back(source_step(record));
    results.emotion = load_evaluation(folder / evaluation_of(steps.front()));
  }
  for (const int k : record.models()) {
    add(results.retrained, k, source_predictions(record, k));
    if (!record.given()) {
      add(results.pain, k, evaluation_of(target_step(record, {k})));
      steps.insert(steps.end(), {target_step(record, {k}), model_step("retrain", k)});
    }
    const fs::path explained = folder / model_step("explain", k);
    if (fs::exists(explained / "pictures/index.json")) results.disagreements[k] = load_disagreements(explained);
    if (fs::exists(explained / "sample.json")) results.samples[k] = read_explained_sample(explained / "sample.json");
  }
  for (const std::string& step : steps) {
    if (fs::exists(folder / step / "metrics.jsonl")) results.curves[step] = load_curve(folder / step / "metrics.jsonl");
    if (fs::exists(folder / step / "state.json"))
      results.options[step] = guarded(folder / step / "state.json", training_options);
  }
}

}  // namespace

double target_recall(const Evaluation& evaluation) {
  return evaluation.recalls.size() == 2 ? evaluation.recalls[1].recall : evaluation.scores.macro.recall;
}

StudyResults load_results(const fs::path& folder) {
  StudyResults results;
  results.folder = folder;
  if (!fs::exists(folder / "study.json"))
    throw Error(fmt::format("{} does not hold a study", folder.string()),
                "name the --out folder of `palimpsest study`");
  results.record = read_study_record(folder / "study.json");
  load_models(results);
  const auto present = [&](const char* name) { return fs::exists(folder / name); };
  if (present("mcnemar/mcnemar.json")) results.mcnemar = read_mcnemar_rows(folder / "mcnemar/mcnemar.json");
  if (present("losses/losses.json")) results.losses = read_losses(folder / "losses/losses.json");
  if (present("maps/maps.json")) results.map_rankings = read_map_rankings(folder / "maps/maps.json");
  if (present("concepts/concepts.json")) results.concepts = read_concept_rows(folder / "concepts/concepts.json");
  if (present("ranking/ranking.json")) results.ranking = read_ranking_rows(folder / "ranking/ranking.json");
  if (present("pairs/effects.json")) results.effects = load_effects(folder / "pairs/effects.json");
  if (present("representation/classes.json")) results.blocks = load_blocks(folder / "representation/classes.json");
  if (present("representation/concepts.json"))
    results.concept_blocks = load_blocks(folder / "representation/concepts.json");
  if (present("mitigation/mitigation.json"))
    results.mitigation = read_mitigation(folder / "mitigation/mitigation.json");
  if (present("null/null.json")) results.null = read_null_rows(folder / "null/null.json");
  for (const ConceptRow& row : results.concepts) {
    const std::string step = concept_step(results.record, row.unit, row.faces);
    if (!results.repeats.contains(step) && fs::exists(folder / step / "concept.json"))
      results.repeats[step] = load_repeats(folder / step / "concept.json", results.record);
  }
  return results;
}

int StudyResults::emotion_index(const std::string& name) const {
  const auto found = std::find(record.emotions.begin(), record.emotions.end(), name);
  return found == record.emotions.end() ? -1 : int(found - record.emotions.begin());
}

const McNemarRow* StudyResults::mcnemar_of(int k, const std::string& name) const {
  for (const McNemarRow& row : mcnemar)
    if (row.k == k && row.emotion == name) return &row;
  return nullptr;
}

const ConceptRow* StudyResults::concept_of(int k, int unit, Faces faces) const {
  for (const ConceptRow& row : concepts)
    if (row.k == k && row.unit == unit && row.faces == faces) return &row;
  return nullptr;
}

const RankingRow* StudyResults::ranking_of(int k) const {
  for (const RankingRow& row : ranking)
    if (row.k == k) return &row;
  return nullptr;
}

const MapRanking* StudyResults::map_ranking_of(int k, const std::string& name) const {
  for (const MapRanking& one : map_rankings)
    if (one.k == k && one.emotion == name) return &one;
  return nullptr;
}

}  // namespace palimpsest::experiments::report
