#pragma once
#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct CalibrateCommand {
  fs::path study = option(study, "STUDY", {}, "folder of a finished study", heading("Data"), argument);
  std::vector<fs::path> same =
      option(same, "same", {}, "finished studies with several runs of a model: one of its runs against the others");
  int sets = option(sets, "sets", 400, "made-up sets of each kind", heading("Sets"), between(10, 100000));
  int runs = option(runs, "runs", 3, "runs of learning pain in a set", between(2, 100));
  int subjects = option(subjects, "subjects", 123, "persons in a set of peak frames", at_least(4));
  std::vector<int> units = option(units, "units", {}, "action units (default: those of the hypotheses)");
  int repeats = option(repeats, "repeats", 8, "halvings of a set of peak frames", at_least(2));
  double loss =
      option(loss, "loss", 1.5, "noise after, as a multiple of that before, where something is lost", above(1));
  std::uint64_t seed = option(seed, "seed", 1, "of the sets");
  fs::path out = option(out, "out", {}, "CSV: kind of sets, test, sets, tests in them, rejected, rate, its error",
                        heading("Output"), required);
  int threads = option(threads, "threads", 0, "0: one per core", heading("Machine"), between(0, 1024));
};
void run_calibrate(const CalibrateCommand& command);

}  // namespace palimpsest::experiments
