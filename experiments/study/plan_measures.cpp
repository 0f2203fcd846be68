// Analysis of the models' predictions: McNemar's tests, the images to explain, and the spread between seeds.
#include <algorithm>
#include <array>
#include <cmath>
#include <ranges>
#include <set>

#include "analysis/predictions.h"
#include "base/error.h"
#include "data/source.h"
#include "experiments/explain.h"
#include "experiments/load_data.h"
#include "experiments/study/explained_sample.h"
#include "experiments/study/map_ranking.h"
#include "experiments/study/plan.h"
#include "experiments/study/truth_areas.h"
#include "experiments/subjects.h"

namespace palimpsest::experiments {

namespace {

std::string predictions_of(const std::string& step) {
  return step + "/predictions.csv";
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void run_mcnemar(const fs::path& study, const StudyRecord& record, const fs::path& folder) {
  const analysis::Predictions before = analysis::read_predictions(study / source_predictions(record, record.before()));
  std::vector<McNemarRow> rows;
  for (const int k : record.after()) {
    const analysis::Predictions after = analysis::read_predictions(study / source_predictions(record, k));
    for (std::size_t e = 0; e < record.emotions.size(); ++e) {
      const std::int64_t images = std::count(before.labels.begin(), before.labels.end(), int(e));
      if (images == 0) continue;
      rows.push_back({k, record.emotions[e], is_hypothesis(record, record.emotions[e]), images,
                      analysis::compare_predictions(before, after, int(e)), 1});
    }
  }
  adjust<McNemarRow>(rows, [](const McNemarRow& row) { return row.test.exact_p; });
  write_records(folder / "mcnemar.json", rows);
}

// Test images of an emotion that "before" gets right and another model wrong.
std::vector<std::string> disagreements(const analysis::Predictions& before, const analysis::Predictions& after,
                                       int emotion) {
  std::map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < after.size(); ++i) row_of[after.ids[i]] = i;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before.labels[i] != emotion || before.predicted[i] != emotion) continue;
    const auto other = row_of.find(before.ids[i]);
    if (other != row_of.end() && after.predicted[other->second] != emotion) ids.push_back(before.ids[i]);
  }
  return ids;
}

std::vector<int> explained_emotions(const StudyPlan& plan) {
  std::vector<int> classes;
  const auto& wanted = plan.config.explained_emotions;
  for (std::size_t e = 0; e < plan.record.emotions.size(); ++e)
    if (wanted.empty() || contains(wanted, plan.record.emotions[e])) classes.push_back(int(e));
  return classes;
}

struct Explanation {
  ExplainCommand command;
  fs::path before, after;          // predictions
  std::vector<std::string> names;  // of all emotions
  std::vector<int> emotions;
  int k = 0, limit = 0;
  std::uint64_t seed = 1;
};

ExplainedSample sample_of(const Explanation& explanation) {
  const auto before = analysis::read_predictions(explanation.before),
             after = analysis::read_predictions(explanation.after);
  const DataSettings& data = explanation.command.data;
  auto subjects = subjects_of(part_of(select_data(data), data.part), data.source);
  ExplainedSample sample{explanation.seed, {}};
  for (const int emotion : explanation.emotions) {
    std::vector<ExplainedSample::Image> found;
    for (const std::string& id : disagreements(before, after, emotion)) found.push_back({id, subjects[id]});
    const int count = int(found.size());
    sample.emotions.push_back(
        {explanation.names[std::size_t(emotion)], count,
         spread_sample(std::move(found), explanation.limit, explanation.seed, explanation.k, emotion)});
  }
  return sample;
}

void run_explanation(const Explanation& explanation, const fs::path& folder) {
  ExplainCommand command = explanation.command;
  const ExplainedSample sample = sample_of(explanation);
  for (const auto& emotion : sample.emotions)
    for (const auto& image : emotion.images) command.ids.push_back(image.id);
  command.pictures = folder / "pictures";
  command.maps = folder / "differences.npy";
  command.shares = folder / "differences_of_shares.npy";
  command.table = folder / "explained.csv";
  command.ledger = folder / "ledger.json";
  create_folder(command.pictures);
  write_explained_sample(folder / "sample.json", sample);
  if (command.ids.empty()) {
    write_file(folder / "regions.json", "[]\n");
    write_file(command.table, "id,label,target,logit_a,total_a,logit_b,total_b\n");
    write_file(command.pictures / "index.json", "[]\n");
    return;
  }
  const auto side = std::uint64_t(command.data.size.value_or(nn::Architecture().size)), pixels = side * side;
  require_free_space(folder, command.ids.size() * pixels * 20, "relevance maps");
  run_explain(command);
  if (command.masks.empty()) write_file(folder / "regions.json", "[]\n");
  if (!command.masks.empty() && command.masks != "landmarks")
    write_truth_areas(folder / "truth.json", truth_areas(command.data, command.ids));
}

// What the maps of each model and emotion suggest.
std::vector<MapRanking> map_rankings(const fs::path& study, const StudyRecord& record) {
  std::vector<MapRanking> rankings;
  for (const int k : std::views::reverse(record.after())) {
    const fs::path folder = study / model_step("explain", k);
    const ExplainedSample sample = read_explained_sample(folder / "sample.json");
    for (const auto& emotion : sample.emotions)
      rankings.push_back(rank_units(k, emotion.emotion, read_explained_maps(folder, emotion)));
  }
  return rankings;
}

NullRow null_row(const fs::path& study, const StudyRecord& record, int k) {
  NullRow row;
  row.k = k;
  row.seeds = record.null_seeds;
  row.seeds.insert(row.seeds.begin(), record.seed);
  std::vector<analysis::Predictions> runs{analysis::read_predictions(study / source_predictions(record, k))};
  for (const std::uint64_t seed : record.null_seeds)
    runs.push_back(analysis::read_predictions(study / predictions_of(null_step(k, seed))));
  std::vector<std::vector<analysis::ClassRecall>> recalls;
  recalls.reserve(runs.size());
  for (const analysis::Predictions& run : runs)
    recalls.push_back(analysis::recall_per_class(analysis::confusion_matrix(run)));
  for (std::size_t e = 0; e < record.emotions.size(); ++e) {
    NullRow::Spread spread{record.emotions[e], 0, 0, 1, 0};
    for (const auto& run : recalls) {
      spread.mean += run[e].recall / double(runs.size());
      spread.low = std::min(spread.low, run[e].recall);
      spread.high = std::max(spread.high, run[e].recall);
    }
    for (const auto& run : recalls) spread.sd += std::pow(run[e].recall - spread.mean, 2);
    spread.sd = runs.size() > 1 ? std::sqrt(spread.sd / double(runs.size() - 1)) : 0;
    row.spreads.push_back(spread);
    if (recalls[0][e].support == 0) continue;
    for (std::size_t a = 0; a < runs.size(); ++a)
      for (std::size_t b = a + 1; b < runs.size(); ++b)
        row.pairs.push_back(
            {row.seeds[a], row.seeds[b], record.emotions[e], analysis::compare_predictions(runs[a], runs[b], int(e))});
  }
  return row;
}

}  // namespace

void plan_measures(StudyPlan& plan) {
  Step step{"mcnemar",
            fmt::format("McNemar's tests, {} against the others", model_name(plan.record.before())),
            {},
            {},
            {"mcnemar.json"},
            {}};
  for (const int k : plan.record.models()) step.reads.push_back(source_predictions(plan.record, k));
  for (const Hypothesis& h : plan.record.hypotheses) step.inputs["hypotheses"] += h.emotion + " ";
  step.run = [study = plan.study, record = plan.record](const fs::path& folder) { run_mcnemar(study, record, folder); };
  step.quick = true;
  plan.steps.push_back(std::move(step));
}

void plan_explanations(StudyPlan& plan) {
  const StudyRecord& record = plan.record;
  const int before = record.before();
  for (const int k : record.after()) {
    Explanation explanation;
    ExplainCommand& command = explanation.command;
    command.on = plan.on;
    command.data = data_choice(plan, StudySet::emotion, Part::test);
    command.model.weights = plan.at(source_weights(record, before));
    command.minus = plan.at(source_weights(record, k));
    command.target = "true";
    command.relevance = plan.config.explain;
    command.sum_channels = true;
    command.masks = regions_known(plan);
    explanation.before = plan.at(source_predictions(record, before));
    explanation.after = plan.at(source_predictions(record, k));
    explanation.emotions = explained_emotions(plan);
    explanation.names = record.emotions;
    explanation.k = k;
    explanation.limit = plan.config.explained_images;
    explanation.seed = plan.config.explained_seed;

    Step step{model_step("explain", k),
              fmt::format("relevance where {} is right and {} wrong", model_name(before), model_name(k)),
              {{"drawn", record.drawn ? "yes" : "no"}},
              {source_weights(record, before), source_weights(record, k), source_predictions(record, before),
               source_predictions(record, k)},
              {"sample.json", "explained.csv", "regions.json", "pictures/index.json"},
              {}};
    add_inputs(of_table(fields_of(plan.config), "explain"), "explain", step.inputs);
    add_data_inputs(plan, StudySet::emotion, command.data, step.inputs);
    step.run = [explanation](const fs::path& folder) { run_explanation(explanation, folder); };
    plan.steps.push_back(std::move(step));
  }
  if (regions_known(plan).empty()) return;
  Step step{
      "maps", fmt::format("{} by the relevance that their regions lose", record.names.units), {}, {}, {"maps.json"},
      {}};
  for (const int k : record.after())
    for (const char* file : {"sample.json", "explained.csv", "regions.json"})
      step.reads.push_back(model_step("explain", k) + "/" + file);
  step.run = [study = plan.study, record](const fs::path& folder) {
    write_map_rankings(folder / "maps.json", map_rankings(study, record));
  };
  step.quick = true;
  plan.steps.push_back(std::move(step));
}

void plan_null_summary(StudyPlan& plan) {
  if (plan.config.null_seeds.empty()) return;
  Step step{"null", "how much two runs of the same model differ", {}, {}, {"null.json"}, {}};
  for (const int k : {most_frozen, 0}) {
    step.reads.push_back(source_predictions(plan.record, k));
    for (const std::uint64_t seed : plan.config.null_seeds) step.reads.push_back(predictions_of(null_step(k, seed)));
  }
  step.run = [study = plan.study, record = plan.record](const fs::path& folder) {
    write_records(folder / "null.json", {null_row(study, record, most_frozen), null_row(study, record, 0)});
  };
  step.quick = true;
  plan.steps.push_back(std::move(step));
}

}  // namespace palimpsest::experiments
