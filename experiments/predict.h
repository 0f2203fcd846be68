#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest {

struct PredictCommand {
  MachineSettings on;
  DataSettings data;
  fs::path weights, logits, features, ids;
  int batch = 32;
};
void describe(Fields& fields, PredictCommand& command);
void run_predict(const PredictCommand& command);

}  // namespace palimpsest
