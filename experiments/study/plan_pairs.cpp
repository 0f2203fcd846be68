// What the networks use of an action unit: pictures with and without it.
#include "base/sha256.h"
#include "experiments/pairs.h"
#include "experiments/study/plan.h"

namespace palimpsest::experiments {

void plan_pairs(StudyPlan& plan) {
  if (plan.config.pairs.empty()) return;
  PairsCommand command;
  command.on = plan.on;
  command.folder = plan.config.pairs;
  command.data = data_choice(plan, StudySet::emotion, Part::test);
  const std::string before = source_weights(plan.record, plan.record.before()),
                    after = source_weights(plan.record, plan.record.farthest());
  command.before = plan.at(before);
  command.after = plan.at(after);
  Step step{"pairs",
            fmt::format("what {} and {} make of an {}", model_name(plan.record.before()),
                        model_name(plan.record.farthest()), plan.record.names.unit),
            {{"data pairs", sha256_of_file(plan.config.pairs / "pairs.csv")}},
            {before, after},
            {"effects.csv", "effects.json"},
            {}};
  Fields fields = fields_of(command.data);
  std::erase_if(fields, [](const Field& field) { return field.name == "part"; });
  add_inputs(fields, "data", step.inputs);
  step.run = [command](const fs::path& folder) {
    PairsCommand c = command;
    c.out = folder;
    measure_pairs(c);
  };
  plan.steps.push_back(std::move(step));
}

}  // namespace palimpsest::experiments
