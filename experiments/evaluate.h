#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest {

struct EvaluateCommand {
  MachineSettings on;
  DataSettings data;
  fs::path weights, predictions, out;
  int batch = 32;
};
void describe(Fields& fields, EvaluateCommand& command);
void run_evaluate(const EvaluateCommand& command);

}  // namespace palimpsest
