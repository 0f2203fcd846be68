#pragma once
#include "experiments/study/plan.h"
#include "experiments/train.h"

// Steps that the models of a study and its arms (plan_mitigation.cpp) have in common.
namespace palimpsest::experiments {

// plan_training.cpp. A step trains what its command says, with the options of its stage as inputs, and further ones if
// the caller adds them.
TrainCommand emotion_command(const StudyPlan& plan);
Step emotion_step(const StudyPlan& plan, std::string name, std::string title, const TrainCommand& command);
TrainCommand pain_command(const StudyPlan& plan, const ModelRun& run);
Step pain_step(const StudyPlan& plan, const ModelRun& run, std::string title, const TrainCommand& command);
Step evaluate_step(const StudyPlan& plan, const std::string& model, StudySet set);

// plan_probes.cpp
Step features_step(const StudyPlan& plan, const ModelRun& run);
Step probe_step(const StudyPlan& shared, const ModelRun& run);

// What a probe scored: log_odds.npy and predictions.csv of its step, which fit each other.
struct Scores {
  Eigen::MatrixXd odds;  // images x emotions
  std::vector<int> labels;
  std::vector<analysis::ClassRecall> recalls;
};
Scores read_scores(const fs::path& folder);

}  // namespace palimpsest::experiments
