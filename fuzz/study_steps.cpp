#include "experiments/study/step_graph.h"
#include "experiments/study/step_times.h"
#include "fuzz/harness.h"

// A step's state.json, and the study's timing.jsonl.
void palimpsest::fuzz::target(std::string_view bytes) {
  using namespace experiments;
  const fs::path study = as_file(bytes, "study/timing.jsonl").parent_path();
  mean_step_times(study);
  as_file(bytes, "study/a/state.json");
  Step step;
  step.name = "a";
  step.writes = {"x"};
  const StepGraph graph(study, {step}, /*quiet=*/true);
  graph.finished();
  graph.refuse_changes();
}
