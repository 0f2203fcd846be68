#include <nlohmann/json.hpp>

#include "analysis/concept.h"

namespace palimpsest::analysis {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const TTest& test) {
  return {{"t", test.t}, {"df", test.df}, {"p", test.p}};
}

Json to_json(const PairResult& pair) {
  return {{"paired_t", to_json(pair.paired_t)},
          {"corrected_t", to_json(pair.corrected_t)},
          {"effect", {{"mean", pair.effect.mean}, {"low", pair.effect.low}, {"high", pair.effect.high}}},
          {"auc_difference", pair.auc_difference}};
}

// NaN or infinity is written as null.
Json to_json(const ConceptLoss& loss) {
  return {{"before", loss.before},
          {"after", loss.after},
          {"runs", loss.runs},
          {"image_variance", loss.image_variance},
          {"run_variance", loss.run_variance},
          {"loss",
           {{"value", loss.loss.value},
            {"low", loss.loss.low},
            {"high", loss.loss.high},
            {"test", to_json(loss.loss.test)}}}};
}

Json to_json(const ConceptLosses& probes) {
  Json losses = Json::array();
  for (const ConceptLoss& loss : probes.losses) losses.push_back(to_json(loss));
  return {{"halves", word_of(probes.halves)}, {"images", probes.images}, {"positives", probes.positives},
          {"repeats", probes.repeats},        {"c", probes.c},           {"auc", probes.areas},
          {"losses", std::move(losses)}};
}

Json to_json(const SetResult& set, bool with_repeats) {
  Json json = {{"file", set.file},         {"f1_mean", set.f1_mean}, {"f1_sd", set.f1_sd},
               {"auc_mean", set.auc_mean}, {"auc_sd", set.auc_sd},   {"undefined_f1", set.undefined_f1}};
  if (with_repeats) {
    json["f1"] = set.f1;
    json["auc"] = set.auc;
  }
  return json;
}

void add_scheme(Json& json, const ConceptScheme& scheme, bool with_repeats) {
  json["folds"] = word_of(scheme.folds);
  json["sets"] = Json::array();
  for (const auto& set : scheme.sets) json["sets"].push_back(to_json(set, with_repeats));
  if (!scheme.pairs.empty()) json.update(to_json(scheme.pairs[0]));
  json["pairs"] = Json::array();
  for (const auto& pair : scheme.pairs) {
    Json entry = {{"first", scheme.sets[std::size_t(pair.first)].file},
                  {"second", scheme.sets[std::size_t(pair.second)].file}};
    entry.update(to_json(pair));
    json["pairs"].push_back(std::move(entry));
  }
  json["undefined_f1"] = scheme.undefined_f1;
}

}  // namespace

std::string concept_json(const ConceptResult& result, const ConceptLosses& probes, bool with_repeats) {
  const auto& options = result.options;
  Json json = {{"repeats", options.repeats},
               {"c", options.c},
               {"standardise", result.standardised},
               {"tolerance", options.tolerance},
               {"seed", options.seed},
               {"bootstrap_draws", options.bootstrap_draws},
               {"images", result.images},
               {"positives", result.positives},
               {"subjects", result.subjects},
               {"difference", "first minus second"}};
  add_scheme(json, result.main, with_repeats);
  json["grouped"] = nullptr;
  if (result.grouped) {
    Json grouped = Json::object();
    add_scheme(grouped, *result.grouped, with_repeats);
    json["grouped"] = std::move(grouped);
  }
  json["probes"] = to_json(probes);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace palimpsest::analysis
