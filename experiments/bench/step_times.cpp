#include "experiments/bench/step_times.h"

#include "base/progress.h"
#include "experiments/bench/timing.h"
#include "experiments/bench/training_step.h"
#include "lrp/explain.h"

namespace palimpsest::experiments {

std::vector<StepTime> time_steps(Device& device, const nn::Architecture& architecture, int batch, int repeats) {
  TrainingStep step(device, architecture, batch);
  std::unique_ptr<lrp::Explainer> explainer;
  const auto explain = [&](int targets) {
    if (!explainer)
      explainer =
          std::make_unique<lrp::Explainer>(step.network(), lrp::composite_named("study"), lrp::dialect_named("zennit"));
    step.network().forward(step.trace());
    std::vector<lrp::Targets> classes;
    for (int k = 0; k < targets; ++k) classes.emplace_back(std::size_t(batch), k);
    explainer->explain(step.trace(), classes);
  };
  std::vector<StepTime> times;
  Progress progress("Timing steps", 5);
  const auto time = [&](const std::string& name, const std::function<void()>& run) {
    times.push_back({name, median_seconds(device, repeats, run)});
    progress.advance();
  };
  step.prepare(nn::kBlocks);
  time("forward", [&] { step.network().forward(step.trace()); });
  step.freeze(nn::kBlocks);
  time("training, all blocks frozen", [&] { step.run(); });
  step.freeze(0);
  step.prepare(0);
  time("training", [&] { step.run(); });
  time("relevance, one class", [&] { explain(1); });
  time(fmt::format("relevance, all {} classes", architecture.classes), [&] { explain(architecture.classes); });
  return times;
}

}  // namespace palimpsest::experiments
