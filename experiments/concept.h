#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct ConceptCommand {
  std::vector<fs::path> features =
      option(features, "features", {},
             "one .npy per model, with the same images in the same order; tests compare the first two", heading("Data"),
             required);
  fs::path labels = option(labels, "labels", {}, "int64 (N,), 1 if the concept is present (.npy)", required);
  fs::path groups = option(groups, "groups", {}, "int64 (N,), the subject of each image (.npy)");
  ConceptSettings test;
  fs::path out = option(out, "out", {}, "JSON with F1s and tests", heading("Output"), required);
  int threads = option(threads, "threads", 0, "0: one per core", heading("Machine"), between(0, 1024));
};
void run_concept(const ConceptCommand& command);

}  // namespace palimpsest::experiments
