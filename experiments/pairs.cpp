// `palimpsest pairs`: what a network makes of an action unit, from pictures with and without it.
#include "experiments/pairs.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "analysis/pair_effects.h"
#include "base/error.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "data/pairs.h"
#include "experiments/command.h"
#include "experiments/load_data.h"
#include "experiments/model.h"
#include "experiments/pair_tables.h"
#include "nn/inference.h"

namespace palimpsest::experiments {

namespace {

// The pairs of the action units in `units`; all if there are none.
data::Pairs only(data::Pairs all, const std::vector<int>& units) {
  if (units.empty()) return all;
  const std::vector<int> known = all.action_units();
  for (const int unit : units)
    if (!std::ranges::count(known, unit))
      throw Error(fmt::format("{} has no pairs of AU{}", all.pictures.name, unit),
                  fmt::format("--units takes {}", fmt::join(known, ", ")));
  data::Pairs kept;
  kept.pictures.name = all.pictures.name;
  kept.pictures.folder = all.pictures.folder;
  for (std::size_t i = 0; i < all.pairs.size(); ++i) {
    if (!std::ranges::count(units, all.pairs[i].action_unit)) continue;
    kept.pairs.push_back(all.pairs[i]);
    for (const std::size_t k : {2 * i, 2 * i + 1}) kept.pictures.samples.push_back(all.pictures.samples[k]);
  }
  return kept;
}

std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names = model.notes.classes;
  for (int c = int(names.size()); c < model.network->architecture().classes; ++c) names.push_back(fmt::format("{}", c));
  return names;
}

// For each class of the first model its number in the second.
std::vector<int> same_classes(const Model& before, const Model& after) {
  std::vector<int> to = classes_of_other(before, after);
  if (std::ranges::count(to, -1) > 0 || int(to.size()) != after.network->architecture().classes)
    throw Error(fmt::format("{} and {} have different classes: {}, and {}", before.weights.string(),
                            after.weights.string(), list_text(names_of(before)), list_text(names_of(after))),
                "give two models of the same classes");
  return to;
}

// What a model says of every pair: (pairs, classes) logits.
struct Logits {
  std::vector<float> with, without;
};

// `to`: where each class is in the model's own order; empty: as it is.
Logits logits_of(Model& model, const std::shared_ptr<const data::Examples>& pictures, const std::vector<int>& to,
                 const PairsCommand& command) {
  const auto classes = std::size_t(model.network->architecture().classes);
  Logits logits;
  const nn::InferenceOptions options{command.batch, normalisation_for(command.data, model.notes), false,
                                     fmt::format("Predicting with {}", model.weights.string())};
  nn::infer(*model.network, pictures, options, [&](const nn::Outputs& outputs) {
    for (int i = 0; i < outputs.count; ++i) {
      std::vector<float>& row = (outputs.first + i) % 2 == 0 ? logits.with : logits.without;
      for (std::size_t c = 0; c < classes; ++c)
        row.push_back(outputs.logits[std::size_t(i) * classes + (to.empty() ? c : std::size_t(to[c]))]);
    }
  });
  return logits;
}

// The pairs of an action unit, and their places among these by context; only one: every_context.
struct UnitPairs {
  int unit = 0;
  std::vector<int> pairs;
  std::vector<std::int64_t> subjects;
  std::vector<std::pair<std::string, std::vector<int>>> contexts;
};

int subjects_in(const std::vector<int>& places, const std::vector<std::int64_t>& subjects) {
  std::set<std::int64_t> found;
  for (const int i : places) found.insert(subjects[std::size_t(i)]);
  return int(found.size());
}

UnitPairs pairs_of(int unit, const data::Pairs& pairs, const std::vector<std::int64_t>& subject_of_picture) {
  const std::string& name = pairs.pictures.name;
  UnitPairs one{unit, {}, {}, {{every_context, {}}}};
  std::map<std::string, std::vector<int>> contexts;
  for (std::size_t i = 0; i < pairs.pairs.size(); ++i) {
    if (pairs.pairs[i].action_unit != unit) continue;
    one.contexts.front().second.push_back(int(one.pairs.size()));
    contexts[pairs.pairs[i].context].push_back(int(one.pairs.size()));
    one.pairs.push_back(int(i));
    one.subjects.push_back(subject_of_picture[2 * i]);
  }
  if (subjects_in(one.contexts.front().second, one.subjects) < 2)
    throw Error(fmt::format("all pairs of AU{} in {} are of one subject, which allows no interval", unit, name),
                "add pairs of other subjects, or name other action units with --units");
  if (contexts.contains(every_context))
    throw Error(
        fmt::format("{} calls a context '{}', which stands for every context in the results", name, every_context),
        "give that context another name");
  if (contexts.size() < 2) return one;
  for (auto& [context, places] : contexts) {
    if (subjects_in(places, one.subjects) >= 2)
      one.contexts.emplace_back(context, std::move(places));
    else
      remark(fmt::format("{}: AU{} on '{}' has pairs of one subject only and no row of its own.", name, unit, context));
  }
  return one;
}

analysis::PairScores scores_of(const UnitPairs& unit, const Logits& logits, const fs::path& weights,
                               const std::vector<std::string>& classes) {
  std::vector<float> with, without;
  for (const int pair : unit.pairs)
    for (std::size_t c = 0; c < classes.size(); ++c) {
      with.push_back(logits.with[std::size_t(pair) * classes.size() + c]);
      without.push_back(logits.without[std::size_t(pair) * classes.size() + c]);
    }
  analysis::PairScores scores = analysis::pair_scores(with, without, int(classes.size()));
  const auto [low, high] = std::ranges::minmax(scores.with);
  const double rounding = 1e-6 * (1 + std::max(high, -low));
  for (std::size_t c = 0; c < classes.size(); ++c)
    if (scores.deviation[c] < rounding)
      throw Error(fmt::format("{} gives the class {} the same log-odds for every picture with AU{}", weights.string(),
                              classes[c], unit.unit),
                  "check the weights, and that the pictures differ");
  return scores;
}

struct Measured {
  std::vector<PairRow> rows;
  std::vector<std::string> classes;
};

Measured measure(const PairsCommand& command) {
  const fs::path csv = command.out / "effects.csv", json = command.out / "effects.json";
  require_separate({{"--before", command.before}, {"--after", command.after}, {"--data", command.folder / "pairs.csv"}},
                   {{"--out", csv}, {"--out", json}});
  const data::Pairs pairs = only(data::read_pairs(command.folder), command.units);
  const std::vector<std::int64_t> subjects = data::subject_groups(pairs.pictures);
  std::vector<UnitPairs> units;
  for (const int unit : pairs.action_units()) units.push_back(pairs_of(unit, pairs, subjects));

  const OpenedData data(command.data);
  Model before = load_model(command.on, command.before, data);
  const std::vector<std::string> classes = names_of(before);
  if (classes.size() < 2)
    throw Error(fmt::format("{} has {} class, and log-odds need two", command.before.string(), classes.size()),
                "give a model of at least two classes");
  std::optional<Model> after;
  std::vector<int> to;
  if (!command.after.empty()) {
    after = load_model(command.on, command.after, data);
    to = same_classes(before, *after);
  }

  data::require_same_sizes(pairs, effective_threads(command.on.threads));
  const auto pictures_for = [&](const Model& model) {
    const int size = model.network->architecture().size;
    auto pictures = load_pictures_of(pairs.pictures, command.data, size, command.on.threads);
    PALIMPSEST_REQUIRE(pictures->count() == int(pairs.pictures.samples.size()), "{} pictures", pictures->count());
    return pictures;
  };
  auto pictures = pictures_for(before);
  const Logits first = logits_of(before, pictures, {}, command);
  std::optional<Logits> second;
  if (after) {
    if (after->network->architecture().size != pictures->height()) pictures = pictures_for(*after);
    second = logits_of(*after, pictures, to, command);
  }

  std::vector<PairRow> rows;
  for (const UnitPairs& unit : units) {
    const analysis::PairScores was = scores_of(unit, first, command.before, classes);
    std::optional<analysis::PairScores> is;
    if (second) is = scores_of(unit, *second, command.after, classes);
    for (const auto& [context, places] : unit.contexts)
      for (int c = 0; c < int(classes.size()); ++c) {
        PairRow row{unit.unit, context, c, analysis::pair_effect(was, c, places, unit.subjects), {}};
        if (is) row.change = analysis::pair_change(was, *is, c, places, unit.subjects);
        rows.push_back(std::move(row));
      }
  }
  create_folder(command.out);
  write_file(csv, pairs_csv(rows, classes));
  write_file(json, pairs_json(rows, classes));
  return {std::move(rows), classes};
}

}  // namespace

void measure_pairs(const PairsCommand& command) {
  measure(command);
}

void run_pairs(const PairsCommand& command) {
  const Measured measured = measure(command);
  if (!Progress::silenced()) fmt::print("{}", pairs_table(measured.rows, measured.classes));
}

Command pairs_command() {
  return make_command("pairs", "What an action unit does to each class, from pictures with and without it",
                      "Example: what the training on pain changed\n"
                      "  palimpsest draw-faces --pairs faces/pairs --pair-units 5,14\n"
                      "  palimpsest pairs --before retrain-b5/weights.safetensors --after "
                      "retrain-b0/weights.safetensors \\\n"
                      "      --data faces/pairs --out effects",
                      run_pairs);
}

}  // namespace palimpsest::experiments
