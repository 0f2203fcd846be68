#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct EvaluateCommand {
  ModelSettings model;
  DataSettings data;
  fs::path predictions =
      option(predictions, "predictions", {},
             "CSV with one row per image: id,label,predicted,p0,p1,...,label_name,predicted_name", heading("Output"));
  fs::path out = option(out, "out", {}, "JSON with the metrics (default: printed)");
  int batch = option(batch, "batch", 32, "images at a time", heading("Machine"), between(1, 65536));
  MachineSettings on;
};
void run_evaluate(const EvaluateCommand& command);

}  // namespace palimpsest::experiments
