// What is lost: linear probes read the classes of the first task from the block-5 features of every run.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/class_losses.h"
#include "analysis/predictions.h"
#include "analysis/probe.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"
#include "experiments/study/features.h"
#include "experiments/study/parts.h"
#include "experiments/study/probe_model.h"
#include "nn/weights.h"

namespace palimpsest::experiments {

namespace {

// With more images than this and more features than that, channels are averaged over their positions.
constexpr std::int64_t most_images = 5000, most_features = 1024;

constexpr const char* train_name = "train";
constexpr const char* test_name = "test";

FeatureFiles files_in(const fs::path& folder, const std::string& name) {
  return {folder / (name + ".npy"), folder / (name + ".csv")};
}

std::string peaks_name(Faces faces) {
  return faces == Faces::blank || faces == Faces::stretch ? "peaks-" + word_of(faces) : "peaks";
}

// Features of the last block, over all positions.
std::int64_t feature_count(const StudyPlan& plan) {
  std::int64_t most = 0;
  for (const auto& [k, weights] : plan.given)
    most = std::max(
        most, std::int64_t(nn::architecture_of(*nn::open_weights(weights), {plan.config.data.size, false}).features()));
  const std::int64_t side = plan.config.size / 32;
  return plan.given.empty() ? side * side * std::int64_t(512 * plan.config.model.width) : most;
}

bool pools(const StudyPlan& plan) {
  const auto& classes = plan.record.parts.at(0).classes;
  const std::int64_t images = std::accumulate(classes.begin(), classes.end(), std::int64_t{0},
                                              [](std::int64_t sum, const auto& c) { return sum + c.second; });
  return images > most_images && feature_count(plan) > most_features;
}

// With labels that are emotions.
Features read_labelled(const fs::path& folder, const std::string& name, int classes) {
  const FeatureFiles files = files_in(folder, name);
  Features features = read_features(files);
  for (const int label : features.labels)
    if (label < 0 || label >= classes)
      throw Error(fmt::format("{}: {} is not one of the {} classes", files.ids.string(), label, classes),
                  "run again with --redo features");
  return features;
}

// The one C for all models, so that they are compared on equal terms: the best mean area on "before" and the farthest
// "after".
void choose_cost(const StudyPlan& plan, const fs::path& folder) {
  const auto classes = int(plan.record.emotions.size());
  std::vector<double> areas(std::size(analysis::kProbeCosts), 0);
  for (const int k : {plan.record.before(), plan.record.farthest()}) {
    const fs::path of = plan.at(run_step("features", {k}));
    const Features train = read_labelled(of, train_name, classes);
    const analysis::ProbeFeatures x(train.values, {}, train.columns, of.string());
    const auto more = analysis::probe_cross_validation(x.train(), train.labels, classes, plan.config.seed);
    for (std::size_t i = 0; i < areas.size(); ++i) areas[i] += more[i] / 2;
  }
  const auto best = std::size_t(std::max_element(areas.begin(), areas.end()) - areas.begin());
  write_file(folder / "cost.json",
             Json{{"c", analysis::kProbeCosts[best]}, {"tried", analysis::kProbeCosts}, {"auc", areas}}.dump(2) + "\n");
}

void run_probe(const StudyPlan& plan, const ModelRun& run, const fs::path& folder) {
  const auto classes = int(plan.record.emotions.size());
  const fs::path of = plan.at(run_step("features", run));
  const Features train = read_labelled(of, train_name, classes), test = read_labelled(of, test_name, classes);
  const double c = Json::parse(read_file(plan.at("probe-cost/cost.json"))).at("c");
  const analysis::ProbeFeatures x(train.values, test.values, train.columns, of.string());
  const analysis::Probe probe = analysis::Probe::train(x.train(), train.labels, classes, c);
  const Eigen::MatrixXd odds = probe.log_odds(x.score());
  write_log_odds(folder, odds);
  analysis::Predictions predictions;
  predictions.classes = classes;
  predictions.ids = test.ids;
  predictions.labels = test.labels;
  predictions.names = plan.record.emotions;
  for (std::ptrdiff_t i = 0; i < odds.rows(); ++i) {
    predictions.predicted.push_back(decision(odds, i));
    for (std::ptrdiff_t q = 0; q < odds.cols(); ++q)
      predictions.probabilities.push_back(float(1 / (1 + std::exp(-odds(i, q)))));
  }
  analysis::write_predictions(folder / "predictions.csv", predictions);
  if (const auto given = plan.given.find(run.k); given != plan.given.end())
    write_probe_model(given->second, data_choice(plan, StudySet::emotion, Part::test), plan.on,
                      x.on_features(probe.layer()), pools(plan), plan.record.emotions, folder / "weights.safetensors");
  write_file(folder / "probe.json", Json{{"c", c},
                                         {"images", train.labels.size()},
                                         {"features", train.columns},
                                         {"iterations", probe.iterations()},
                                         {"gradient", probe.gradient()}}
                                            .dump(2) +
                                        "\n");
}

// The hypotheses' emotions less the others; none without either.
std::optional<std::vector<double>> contrast(const StudyRecord& record, const std::vector<int>& tested) {
  const auto named =
      std::ranges::count_if(tested, [&](int e) { return is_hypothesis(record, record.emotions[std::size_t(e)]); });
  const auto others = std::ssize(tested) - named;
  if (named == 0 || others == 0) return {};
  std::vector<double> weights(record.emotions.size(), 0);
  for (const int e : tested)
    weights[std::size_t(e)] =
        is_hypothesis(record, record.emotions[std::size_t(e)]) ? 1 / double(named) : -1 / double(others);
  return weights;
}

void add_losses(Losses& losses, const StudyRecord& record, int k, const Scores& before,
                const std::vector<Scores>& after) {
  std::vector<Eigen::MatrixXd> odds;
  for (const Scores& run : after) odds.push_back(run.odds);
  const analysis::ClassLosses all(before.odds, odds, before.labels);
  std::vector<int> tested;
  for (std::size_t e = 0; e < record.emotions.size(); ++e) {
    const auto& loss = all.of(int(e));
    if (!loss) continue;
    tested.push_back(int(e));
    LossRow row{k, record.emotions[e], is_hypothesis(record, record.emotions[e]), before.recalls[e].support, *loss};
    row.recall_before = before.recalls[e].recall;
    for (const Scores& run : after) row.recall_after += run.recalls[e].recall / double(after.size());
    losses.rows.push_back(row);
  }
  LossSummary summary{k, int(after.size()), all.omnibus(), {}, {}};
  std::vector<double> mean(record.emotions.size(), 0);
  for (const int e : tested) mean[std::size_t(e)] = 1 / double(tested.size());
  summary.mean = all.combined(mean);
  if (const auto weights = contrast(record, tested)) summary.selectivity = all.combined(*weights);
  losses.models.push_back(summary);
}

void run_losses(const StudyPlan& plan, const fs::path& folder) {
  const Json cost = Json::parse(read_file(plan.at("probe-cost/cost.json")));
  Losses losses{cost.at("c"), cost.at("tried"), cost.at("auc"), {}, {}};
  const Scores before = read_scores(plan.at(model_step("probe", plan.record.before())));
  for (const int k : plan.record.after()) {
    std::vector<Scores> after;
    for (const ModelRun& run : plan.record.runs)
      if (run.k == k) after.push_back(read_scores(plan.at(run_step("probe", run))));
    add_losses(losses, plan.record, k, before, after);
  }
  adjust<LossRow>(losses.rows, [](const LossRow& row) { return row.auc.loss.test.p; });
  write_losses(folder / "losses.json", losses);
}

// What a probe reads of the features of a run.
void read_features_of(Step& step, const ModelRun& run, std::initializer_list<const char*> names) {
  for (const char* name : names)
    for (const char* ending : {".npy", ".csv"}) step.reads.push_back(run_step("features", run) + "/" + name + ending);
}

}  // namespace

Scores read_scores(const fs::path& folder) {
  const analysis::Predictions predictions = analysis::read_predictions(folder / "predictions.csv");
  Eigen::MatrixXd odds = read_log_odds(folder);
  if (odds.rows() != std::ptrdiff_t(predictions.size()) || odds.cols() != predictions.classes)
    throw Error(fmt::format("{} does not fit predictions.csv beside it", (folder / "log_odds.npy").string()),
                "run again with --redo probe");
  return {std::move(odds), predictions.labels, analysis::recall_per_class(analysis::confusion_matrix(predictions))};
}

std::string peak_features(const ModelRun& run, Faces faces) {
  return run_step("features", run) + "/" + peaks_name(faces) + ".npy";
}
std::string peak_ids(const StudyRecord& record, Faces faces) {
  return model_step("features", record.before()) + "/" + peaks_name(faces) + ".csv";
}

// peaks/peaks.csv: id,subject,action_units ("1 2 5") of the peak frames.
void plan_peaks(StudyPlan& plan) {
  Step step{"peaks", "the action units of the peak frames", {}, {}, {"peaks.csv"}, {}};
  step.inputs["data concepts"] = plan.fingerprints.at("concepts");
  step.run = [peaks = plan.peaks](const fs::path& folder) {
    std::string text = "id,subject,action_units\n";
    for (const data::Sample& sample : peaks.samples) {
      std::vector<int> units;
      for (const data::ActionUnit& unit : sample.action_units) units.push_back(unit.number);
      text += fmt::format("{},{},{}\n", csv_field(sample.id), csv_field(sample.subject), fmt::join(units, " "));
    }
    write_file(folder / "peaks.csv", text);
  };
  step.quick = true;
  plan.steps.push_back(std::move(step));
}

Step features_step(const StudyPlan& plan, const ModelRun& run) {
  const bool pool = pools(plan);
  std::vector<Faces> views;
  if (!plan.peaks.samples.empty()) views = {Faces::full};
  if (!views.empty() && !plan.record.bottom_cut.empty()) views.insert(views.end(), {Faces::blank, Faces::stretch});
  const DataSettings train = data_choice(plan, StudySet::emotion, Part::train),
                     test = data_choice(plan, StudySet::emotion, Part::test),
                     peaks = data_choice(plan, StudySet::concepts, Part::test);
  const auto given = plan.given.find(run.k);
  const std::string trained = target_step(plan.record, run);
  Step step{run_step("features", run),
            "block-5 features of " + (given == plan.given.end() ? trained : model_name(run.k)),
            {{"pool", pool ? "yes" : "no"}, {"lower face", views.size() > 1 ? "full, blank, stretch" : "full"}},
            {},
            {},
            {}};
  fs::path weights = plan.at(trained + "/weights.safetensors");
  if (given == plan.given.end()) {
    step.reads.push_back(trained + "/weights.safetensors");
  } else {
    weights = given->second;
    step.inputs["weights"] = sha256_of_file(weights);
  }
  for (const char* name : {train_name, test_name})
    for (const char* ending : {".npy", ".csv"}) step.writes.push_back(std::string(name) + ending);
  for (const Faces faces : views)
    for (const char* ending : {".npy", ".csv"}) step.writes.push_back(peaks_name(faces) + ending);
  if (!views.empty()) add_data_inputs(plan, StudySet::concepts, peaks, step.inputs);
  std::map<std::string, std::string> of_emotion;
  add_data_inputs(plan, StudySet::emotion, test, of_emotion);
  for (const auto& [key, value] : of_emotion) step.inputs["emotion " + key] = value;
  step.run = [=, on = plan.on](const fs::path& folder) {
    write_features(weights, train, on, pool, files_in(folder, train_name));
    write_features(weights, test, on, pool, files_in(folder, test_name));
    for (const Faces faces : views) {
      DataSettings data = peaks;
      data.bottom_cut = faces == Faces::blank     ? data::BottomCut::blank
                        : faces == Faces::stretch ? data::BottomCut::stretch
                                                  : data::BottomCut::no;
      write_features(weights, data, on, /*pool=*/false, files_in(folder, peaks_name(faces)));
    }
  };
  return step;
}

void plan_features(StudyPlan& plan) {
  if (!plan.peaks.samples.empty()) plan_peaks(plan);
  for (const ModelRun& run : plan.record.runs) plan.steps.push_back(features_step(plan, run));
}

Step probe_step(const StudyPlan& shared, const ModelRun& run) {
  Step step{run_step("probe", run),
            fmt::format("linear probe of the {} in {}", shared.record.names.sources, run_step("features", run)),
            {},
            {"probe-cost/cost.json"},
            {"log_odds.npy", "predictions.csv", "probe.json"},
            {}};
  read_features_of(step, run, {train_name, test_name});
  if (shared.given.contains(run.k)) {
    step.writes.emplace_back("weights.safetensors");
    step.inputs["pool"] = pools(shared) ? "yes" : "no";
  }
  step.run = [shared, run](const fs::path& folder) { run_probe(shared, run, folder); };
  return step;
}

void plan_probes(StudyPlan& plan) {
  const StudyPlan shared = without_steps(plan);
  Step cost{"probe-cost",
            "the regularisation of the probes, by cross-validation",
            {{"seed", std::to_string(plan.config.seed)}},
            {},
            {"cost.json"},
            {}};
  for (const int k : {plan.record.before(), plan.record.farthest()}) read_features_of(cost, {k}, {train_name});
  cost.run = [shared](const fs::path& folder) { choose_cost(shared, folder); };
  plan.steps.push_back(std::move(cost));
  Step losses{"losses",
              fmt::format("which {} are lost", plan.record.names.sources),
              {},
              {"probe-cost/cost.json"},
              {"losses.json"},
              {}};
  for (const Hypothesis& h : plan.record.hypotheses) losses.inputs["hypotheses"] += h.emotion + " ";
  for (const ModelRun& run : plan.record.runs) {
    plan.steps.push_back(probe_step(shared, run));
    for (const char* file : {"/log_odds.npy", "/predictions.csv"})
      losses.reads.push_back(run_step("probe", run) + file);
  }
  losses.run = [shared](const fs::path& folder) { run_losses(shared, folder); };
  losses.quick = true;
  plan.steps.push_back(std::move(losses));
}

}  // namespace palimpsest::experiments
