// The models: one for the first task (emotions), six trained from it on the second (pain) and some of them again from
// other seeds, six re-trained on the first, and the null (the same heads from other seeds).
#include <fmt/format.h>

#include "base/sha256.h"
#include "experiments/evaluate.h"
#include "experiments/study/parts.h"

namespace palimpsest::experiments {

namespace {

TrainCommand stage_command(const StudyPlan& plan, const Recipe& recipe, StudySet set) {
  const NetworkSettings& model = plan.config.model;
  TrainCommand c;
  static_cast<Recipe&>(c) = recipe;
  c.on = plan.on;
  c.data = data_choice(plan, set, Part::train);
  c.width = model.width;
  c.head = model.head;
  c.hidden = model.head == Head::fc ? model.hidden : std::vector<int>{};
  c.seed = plan.config.seed;
  c.cache_limit = plan.config.cache_limit;
  c.keep_momentum = false;
  return c;
}

// A trained model's dependencies besides its input files.
std::map<std::string, std::string> train_inputs(const StudyPlan& plan, TrainCommand c, StudySet set) {
  std::map<std::string, std::string> inputs{
      {"device", c.on.threads == plan.on.threads ? plan.processor : plan.processor_alone}};
  add_inputs(fields_of(static_cast<Recipe&>(c)), training_group, inputs);
  add_data_inputs(plan, set, c.data, inputs);
  return inputs;
}

Step train_step(const StudyPlan& plan, std::string name, std::string title, TrainCommand command, StudySet set) {
  Step step{std::move(name),
            std::move(title),
            train_inputs(plan, command, set),
            {},
            {"weights.safetensors", "metrics.jsonl"},
            {}};
  if (!command.init.empty()) {
    const fs::path below = command.init.lexically_relative(plan.study);
    step.reads.push_back(below.generic_string());
  }
  step.run = [command](const fs::path& folder) {
    TrainCommand c = command;
    c.out = folder;
    run_train(c);
  };
  return step;
}

TrainCommand retrain_command(const StudyPlan& plan, int k) {
  TrainCommand command = stage_command(plan, plan.config.train_retrain, StudySet::emotion);
  command.init = plan.at(target_step(plan.record, {k}) + "/weights.safetensors");
  command.head_init = plan.config.model.head_init;
  command.freeze = most_frozen;
  return command;
}

}  // namespace

TrainCommand emotion_command(const StudyPlan& plan) {
  TrainCommand command = stage_command(plan, plan.config.train_emotion, StudySet::emotion);
  command.on = plan.alone;  // every other step waits for it
  return command;
}

Step emotion_step(const StudyPlan& plan, std::string name, std::string title, const TrainCommand& command) {
  Step step = train_step(plan, std::move(name), std::move(title), command, StudySet::emotion);
  const fs::path init = plan.config.model.init;
  if (init.empty()) return step;
  step.inputs["model.init"] = sha256_of_file(init);
  step.run = [emotion = command, init](const fs::path& folder) {
    TrainCommand c = emotion;
    c.init = init;
    c.vgg = 16;
    c.out = folder;
    run_train(c);
  };
  return step;
}

TrainCommand pain_command(const StudyPlan& plan, const ModelRun& run) {
  TrainCommand command = stage_command(plan, plan.config.train_pain, StudySet::pain);
  command.init = plan.at(source_step(plan.record) + "/weights.safetensors");
  command.head_init = plan.config.model.head_init;
  command.freeze = run.k;
  if (run.seed) command.seed = *run.seed;
  return command;
}

Step pain_step(const StudyPlan& plan, const ModelRun& run, std::string title, const TrainCommand& command) {
  return train_step(plan, target_step(plan.record, run), std::move(title), command, StudySet::pain);
}

Step evaluate_step(const StudyPlan& plan, const std::string& model, StudySet set) {
  EvaluateCommand command;
  command.on = plan.on;
  command.data = data_choice(plan, set, Part::test);
  command.model.weights = plan.at(model + "/weights.safetensors");
  Step step{"evaluate-" + model,
            fmt::format("{} on the {} test images", model,
                        set == StudySet::pain ? plan.record.names.target : plan.record.names.source),
            {},
            {model + "/weights.safetensors"},
            {"predictions.csv", "metrics.json"},
            {}};
  add_data_inputs(plan, set, command.data, step.inputs);
  step.run = [command](const fs::path& folder) {
    EvaluateCommand c = command;
    c.predictions = folder / "predictions.csv";
    c.out = folder / "metrics.json";
    run_evaluate(c);
  };
  return step;
}

void plan_training(StudyPlan& plan) {
  const TaskNames& names = plan.record.names;
  const std::string source = source_step(plan.record);
  plan.steps.push_back(emotion_step(plan, source, fmt::format("the {} model", names.source), emotion_command(plan)));
  for (const ModelRun& run : plan.record.runs)
    plan.steps.push_back(pain_step(plan, run,
                                   fmt::format("{} model, {} of 5 blocks frozen{}", names.target, run.k,
                                               run.seed ? fmt::format(", from seed {}", *run.seed) : ""),
                                   pain_command(plan, run)));
  for (int k = most_frozen; k >= 0; --k)
    plan.steps.push_back(
        train_step(plan, model_step("retrain", k),
                   fmt::format("{} head re-trained on the blocks of {}", names.source, target_step(plan.record, {k})),
                   retrain_command(plan, k), StudySet::emotion));
  plan.steps.push_back(evaluate_step(plan, source, StudySet::emotion));
  for (int k = most_frozen; k >= 0; --k) {
    plan.steps.push_back(evaluate_step(plan, target_step(plan.record, {k}), StudySet::pain));
    plan.steps.push_back(evaluate_step(plan, model_step("retrain", k), StudySet::emotion));
  }
}

void plan_null(StudyPlan& plan) {
  for (const int k : {most_frozen, 0})
    for (const std::uint64_t seed : plan.config.null_seeds) {
      TrainCommand train = retrain_command(plan, k);
      train.seed = seed;
      Step step =
          train_step(plan, null_step(k, seed), fmt::format("null: the head of retrain-b{} again, seed {}", k, seed),
                     train, StudySet::emotion);
      step.writes.emplace_back("predictions.csv");
      EvaluateCommand evaluate;
      evaluate.on = plan.on;
      evaluate.data = data_choice(plan, StudySet::emotion, Part::test);
      step.run = [train, evaluate](const fs::path& folder) {
        TrainCommand t = train;
        t.out = folder;
        run_train(t);
        EvaluateCommand e = evaluate;
        e.model.weights = folder / "weights.safetensors";
        e.predictions = folder / "predictions.csv";
        e.out = folder / "metrics.json";
        run_evaluate(e);
      };
      plan.steps.push_back(std::move(step));
    }
}

}  // namespace palimpsest::experiments
