#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct PredictCommand {
  ModelSettings model;
  DataSettings data;
  fs::path logits = option(logits, "logits", {}, "float32 (N, classes), before softmax (.npy)", heading("Output"));
  fs::path features =
      option(features, "features", {}, "float32 (N, channels, side, side) after the fifth pooling (.npy)");
  fs::path ids = option(ids, "ids", {}, "CSV with the id and label of each row");
  int batch = option(batch, "batch", 32, "images at a time", heading("Machine"), between(1, 65536));
  MachineSettings on;
};
void run_predict(const PredictCommand& command);

}  // namespace palimpsest::experiments
