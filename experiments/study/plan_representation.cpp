// Where in the network it is lost: the blocks before and after.
#include <array>

#include "base/error.h"
#include "experiments/representation.h"
#include "experiments/study/plan.h"
#include "nn/weights.h"

namespace palimpsest::experiments {

namespace {

constexpr int most_images = 1000;  // of each set; a sample of more

// Of given networks, whose blocks may have other widths. Nothing is comparable then.
bool same_blocks(const StudyPlan& plan) {
  std::array<nn::Architecture, 2> of;
  for (const std::size_t i : {0, 1})
    of[i] = nn::architecture_of(*nn::open_weights(plan.given.at(i == 0 ? given_before : given_after)),
                                {plan.config.data.size, false});
  return of[0].size == of[1].size && of[0].channels == of[1].channels;
}

RepresentationCommand command_for(const StudyPlan& plan, StudySet set) {
  RepresentationCommand command;
  command.before = plan.at(source_weights(plan.record, plan.record.before()));
  command.after = plan.at(source_weights(plan.record, plan.record.farthest()));
  command.data = data_choice(plan, set, set == StudySet::concepts ? Part::all : Part::test);
  command.images = most_images;
  command.seed = plan.config.seed;
  command.on = plan.on;
  if (set == StudySet::concepts)
    command.concepts = plan.config.concept_labels.empty() ? "action-units" : plan.config.concept_labels.string();
  return command;
}

}  // namespace

void plan_representation(StudyPlan& plan) {
  if (!plan.given.empty() && !same_blocks(plan)) {
    plan.record.warnings.emplace_back(
        "the two networks have blocks of other widths, or take pictures of another size: their blocks are not "
        "compared");
    return;
  }
  Step step{"representation",
            fmt::format("where in the network: the blocks of {} and {}", model_name(plan.record.before()),
                        model_name(plan.record.farthest())),
            {{"images", std::to_string(most_images)}, {"seed", std::to_string(plan.config.seed)}},
            {source_weights(plan.record, plan.record.before()), source_weights(plan.record, plan.record.farthest())},
            {"classes.json"},
            {}};
  std::vector<RepresentationCommand> commands{command_for(plan, StudySet::emotion)};
  add_data_inputs(plan, StudySet::emotion, commands[0].data, step.inputs);
  if (!plan.peaks.samples.empty()) {
    commands.push_back(command_for(plan, StudySet::concepts));
    step.inputs["data concepts"] = plan.fingerprints.at("concepts");
    step.writes.emplace_back("concepts.json");
  }
  step.run = [commands](const fs::path& folder) {
    for (std::size_t i = 0; i < commands.size(); ++i)
      write_file(folder / (i == 0 ? "classes.json" : "concepts.json"), comparison_json(represent(commands[i]).blocks));
  };
  plan.steps.push_back(std::move(step));
}

}  // namespace palimpsest::experiments
