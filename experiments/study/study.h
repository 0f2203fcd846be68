#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest {

struct StudyCommand {
  fs::path config =
      option(config, "CONFIG", {}, "TOML file, for instance experiments/configs/demo.toml", heading("Data"), argument);
  fs::path out = option(out, "out", {}, "folder of the study; a study that is there already goes on where it was",
                        heading("Output"), required);
  std::vector<std::string> redo = option(redo, "redo", {}, "steps to do again, with all that depends on them");
  MachineSettings on;
};
void run_study(const StudyCommand& command);

}  // namespace palimpsest
