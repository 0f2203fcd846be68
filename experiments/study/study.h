#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest {

struct StudyCommand {
  fs::path config, out;
  std::vector<std::string> redo;
  MachineSettings on;
};
void describe(Fields& fields, StudyCommand& command);
void run_study(const StudyCommand& command);

}  // namespace palimpsest
