#pragma once
#include <functional>
#include <optional>

#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct StudyCommand {
  fs::path config =
      option(config, "CONFIG", {}, "TOML file, for example experiments/configs/demo.toml", heading("Data"), argument);
  fs::path out = option(out, "out", {}, "folder of the study; an existing study resumes", heading("Output"), required);
  std::vector<std::string> redo = option(redo, "redo", {}, "steps to repeat, with all that depend on them");
  int together = option(together, "together", 1,
                        "steps to run at a time, each on its share of the threads: small networks do not fill them",
                        heading("Machine"), between(1, 64));
  MachineSettings on;
};
void run_study(const StudyCommand& command);

struct StudyPlan;
// Plans in the folder, runs the steps that are not finished, draws the report. config: kept as config.toml.
void run_plan(const fs::path& folder, const std::vector<std::string>& redo, int together,
              const std::function<StudyPlan()>& make_plan, const std::optional<std::string>& config = {});

}  // namespace palimpsest::experiments
