#include "experiments/bench/step_times.h"

#include <fmt/format.h>

#include "base/progress.h"
#include "experiments/bench/training_step.h"
#include "lrp/explain.h"

namespace palimpsest::experiments {

namespace {

class Steps {
 public:
  Steps(Device& device, const Limits& limits)
      : device_(device),
        watch_(device),
        limits_(limits),
        records_(device.info().records),
        progress_("Timing steps", records_ ? 10 : 6) {
    limits_.cold = false;  // a step fills every cache itself
  }

  void time(const std::string& name, const std::function<void()>& run) {
    const Contender contender{name, watch_, run};
    BenchRow& row = rows.emplace_back();
    row.kind = BenchRow::Kind::step, row.name = name;
    row.measured = measure_in_turn({&contender, 1}, limits_).front();
    progress_.advance();
  }

  // `part` can be recorded, `rest` cannot.
  void time_both(
      const std::string& name, const std::function<void()>& part, const std::function<void()>& rest = [] {}) {
    time(name, [&] {
      part();
      rest();
    });
    if (!records_ || rows.back().measured.error) return;
    const auto recording = device_.record(part);
    time(name + ", recorded", [&] {
      recording->run();
      rest();
    });
  }

  std::vector<BenchRow> rows;

 private:
  Device& device_;
  Stopwatch watch_;
  Limits limits_;
  bool records_;
  Progress progress_;
};

}  // namespace

std::vector<BenchRow> time_steps(Device& device, const nn::Architecture& architecture, int batch,
                                 const Limits& limits) {
  TrainingStep step(device, architecture, batch);
  std::unique_ptr<lrp::Explainer> explainer;
  const auto explain = [&](int targets) {
    if (!explainer)
      explainer =
          std::make_unique<lrp::Explainer>(step.network(), lrp::composite_named("study"), lrp::dialect_named("zennit"));
    step.network().forward(step.trace());
    std::vector<lrp::Targets> classes;
    for (int k = 0; k < targets; ++k) classes.emplace_back(std::size_t(batch), k);
    explainer->explain(step.trace(), classes, {.raw = false, .summed = true, .normalised = {}});
  };
  const auto forward = [&] { step.network().forward(step.trace()); };
  const auto compute = [&] { step.compute(); };
  const auto update = [&] { step.update(); };
  Steps steps(device, limits);
  step.prepare(nn::kBlocks);
  steps.time_both("forward", forward);
  step.freeze(nn::kBlocks);
  steps.time_both("training, all blocks frozen", compute, update);
  steps.time_both("training the head", [&] { step.compute_head(); }, update);
  step.freeze(0);
  step.prepare(0);
  steps.time_both("training", compute, update);
  steps.time("relevance, one class", [&] { explain(1); });
  steps.time(fmt::format("relevance, all {} classes", architecture.classes), [&] { explain(architecture.classes); });
  return steps.rows;
}

}  // namespace palimpsest::experiments
