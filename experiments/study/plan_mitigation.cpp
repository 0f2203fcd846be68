// Can it be avoided? FreezeB0 again, each time with a way to forget less, and what that costs and saves.
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "experiments/study/mitigation.h"
#include "experiments/study/parts.h"

namespace palimpsest::experiments {

namespace {

std::vector<std::string> dropped_emotions(const StudyPlan& plan) {
  std::vector<std::string> dropped = plan.config.dropped;
  if (dropped.empty())
    for (const Hypothesis& hypothesis : plan.record.hypotheses)
      if (std::ranges::find(dropped, hypothesis.emotion) == dropped.end()) dropped.push_back(hypothesis.emotion);
  const auto& known = plan.record.emotions;
  for (const std::string& emotion : dropped)
    if (std::ranges::find(known, emotion) == known.end())
      throw Error(fmt::format("{}: mitigation.drop-classes names the {} '{}', which {} does not have",
                              plan.config.path.string(), plan.record.names.source, emotion, plan.config.emotion.text),
                  fmt::format("its {} are {}", plan.record.names.sources, fmt::join(known, ", ")));
  if (dropped.empty() || dropped.size() + 2 > known.size())
    throw Error(fmt::format("{}: mitigation.drop-classes leaves out {} of {} {}", plan.config.path.string(),
                            dropped.size(), known.size(), plan.record.names.sources),
                "name at least one, and leave at least two to train on");
  return dropped;
}

void plan_arm(StudyPlan& plan, Arm arm) {
  const ModelRun run{0, {}, arm};
  TrainCommand pain = pain_command(plan, run);
  std::map<std::string, std::string> inputs;
  if (arm == Arm::drop_classes) {
    TrainCommand emotion = emotion_command(plan);
    emotion.on = plan.on;
    for (const std::string& name : dropped_emotions(plan)) emotion.data.drop_classes.push_back(name);
    const std::string drop_step = source_step(plan.record) + "-drop";
    plan.steps.push_back(emotion_step(
        plan, drop_step,
        fmt::format("the {} model without {}", plan.record.names.source, fmt::join(dropped_emotions(plan), ", ")),
        emotion));
    pain.init = plan.at(drop_step + "/weights.safetensors");
  } else if (arm == Arm::l2_sp) {
    pain.l2_sp = plan.config.l2_sp;
    inputs["mitigation.l2-sp"] = fmt::format("{}", pain.l2_sp);
  } else {
    pain.rehearse = plan.config.emotion;
    pain.rehearse_images = plan.config.rehearse_images;
    pain.rehearsed = data_choice(plan, StudySet::emotion, Part::train);
    inputs["mitigation.rehearse-images"] = fmt::format("{}", pain.rehearse_images);
    std::map<std::string, std::string> data;
    add_data_inputs(plan, StudySet::emotion, *pain.rehearsed, data);
    for (const auto& [key, value] : data) inputs["rehearsed " + key] = value;
  }
  Step train = pain_step(
      plan, run, fmt::format("{} model, no blocks frozen, with {}", plan.record.names.target, word_of(arm)), pain);
  train.inputs.merge(inputs);
  plan.steps.push_back(std::move(train));
  plan.steps.push_back(evaluate_step(plan, target_step(plan.record, run), StudySet::pain));
  plan.steps.push_back(features_step(plan, run));
  plan.steps.push_back(probe_step(without_steps(plan), run));
}

// Its files, as the step `mitigation` reads them.
MeasuredModel read_model(const StudyPlan& plan, const ModelRun& run, std::vector<int>& labels) {
  MeasuredModel model{run.k, run.arm, {}, {}, {}};
  model.target = analysis::read_predictions(plan.at(evaluation_of(target_step(plan.record, run))));
  const auto scores_of = [&](const ModelRun& one) {
    Scores scores = read_scores(plan.at(run_step("probe", one)));
    if (labels.empty()) labels = scores.labels;
    if (scores.labels != labels)
      throw Error(fmt::format("{} is of other images than the other probes", run_step("probe", one)),
                  "run again with --redo features");
    return std::move(scores.odds);
  };
  model.source = scores_of(run);
  for (const ModelRun& other : plan.record.runs)
    if (!run.arm && other.k == run.k && other.seed) model.other_runs.push_back(scores_of(other));
  return model;
}

void run_mitigation(const StudyPlan& plan, const std::vector<ModelRun>& runs, const fs::path& folder) {
  const StudyConfig& config = plan.config;
  std::vector<MeasuredModel> models;
  std::vector<int> labels;
  for (const ModelRun& run : runs) models.push_back(read_model(plan, run, labels));
  Mitigation result;
  result.target_classes = target_classes(plan.record);
  if (std::ranges::count(config.arms, Arm::drop_classes) > 0) result.dropped = dropped_emotions(plan);
  result.l2_sp = config.l2_sp;
  result.rehearse_images = config.rehearse_images;
  result.models = compare_arms(models, labels, plan.record.emotions);
  write_mitigation(folder, result);
}

}  // namespace

void plan_mitigation(StudyPlan& plan) {
  const std::vector<Arm>& arms = plan.config.arms;
  if (arms.empty()) return;
  Step step{"mitigation", "what each way to forget less costs and saves", {},
            {},           {"mitigation.json", "mitigation.csv"},          {}};
  std::vector<ModelRun> runs;
  for (int k = most_frozen; k >= 0; --k) runs.push_back({k});
  for (const Arm arm : arms) {
    plan_arm(plan, arm);
    runs.push_back({0, {}, arm});
    step.inputs["mitigation.arms"] += word_of(arm) + " ";
  }
  const auto reads_probe = [&](const ModelRun& run) {
    for (const char* file : {"/log_odds.npy", "/predictions.csv"}) step.reads.push_back(run_step("probe", run) + file);
  };
  for (const ModelRun& run : runs) {
    step.reads.push_back(evaluation_of(target_step(plan.record, run)));
    reads_probe(run);
  }
  for (const ModelRun& run : plan.record.runs)
    if (run.seed) reads_probe(run);
  step.run = [shared = without_steps(plan), runs](const fs::path& folder) { run_mitigation(shared, runs, folder); };
  step.quick = true;
  plan.steps.push_back(std::move(step));
}

}  // namespace palimpsest::experiments
