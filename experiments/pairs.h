#pragma once
#include <vector>

#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct PairsCommand {
  fs::path before = option(before, "before", {}, "weights of the model", heading("Model"), required);
  fs::path after = option(after, "after", {}, "weights of a second one, for instance the first after a training");
  fs::path folder = option(folder, "data", {}, "folder with pairs.csv and the pictures, from draw-faces --pairs",
                           heading("Data"), required, names_content);
  std::vector<int> units = option(units, "units", {}, "only these action units (default: all)", between(1, 99));
  // How the pictures are prepared; the selections of data sets do not apply.
  DataSettings data =
      in_table<DataSettings>("", {"data", "orientation", "drop-classes", "validation-share", "test-participants",
                                  "pain-images", "pain-validation", "split-seed", "skipped", "part"});
  fs::path out = option(out, "out", {}, "folder for effects.csv and effects.json", heading("Output"), required);
  int batch = option(batch, "batch", 32, "images at a time", heading("Machine"), between(1, 65536));
  MachineSettings on;
};

// The effect of each action unit on each class of a network, and how a second network's differs; both pictures of a
// pair are cropped alike. Writes effects.csv and effects.json (experiments/pair_tables.h) and prints a table. Throws
// Error when the pairs cannot be used (data/pairs.h), a unit of --units has none, a unit's pairs are all of one
// subject, the second model has other classes, or a model gives a class the same log-odds for every picture.
// measure_pairs does the same without the table.
void run_pairs(const PairsCommand& command);
void measure_pairs(const PairsCommand& command);

}  // namespace palimpsest::experiments
