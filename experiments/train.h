#pragma once
#include <set>
#include <string>

#include "experiments/settings/settings.h"

namespace palimpsest::experiments {

struct TrainingSet {
  DataSettings data = in_table<DataSettings>("", {"part"});
};

struct TrainCommand : TrainingSet, Recipe, RetentionSettings {
  fs::path config =
      option(config, "config", {},
             "TOML file with options by their long names; the command line overrides it, and it overrides --preset",
             heading("Recipe"), of_this_call);
  bool no_augment =
      option(no_augment, "no-augment", false, "the same as --augment none", heading("Training"), of_this_call);
  fs::path out =
      option(out, "out", {}, "folder: weights.safetensors, last.safetensors, metrics.jsonl, timing.jsonl, config.toml",
             heading("Output"), of_this_call);
  fs::path gradients =
      option(gradients, "gradients", {}, "with --steps 1: the gradients of that step (safetensors)", of_this_call);
  bool resume = option(resume, "resume", true, "resume from the checkpoint in --out, if any (default)", of_this_call);
  MachineSettings on;
  std::optional<DataSettings> rehearsed;  // how `rehearse` is selected and prepared; none: as `data`
  bool keep_momentum = true;  // of a finished run, so that it can go on with more epochs; a study's never does
  std::set<std::string> named_in_file;  // the settings that `config` gave
};
void prepare(TrainCommand& command, const std::set<std::string>& given);
void settle(TrainCommand& command, const std::set<std::string>& given);
void run_train(const TrainCommand& command);

// The config.toml of a run: its whole recipe and its data, by their names on the command line. Read back, it gives the
// same run. Device, threads and output paths are not part of it.
std::string train_config_text(const TrainCommand& command);

// The first option in which two texts of config.toml differ, for RunFolder. Options are compared by value: one that is
// not there has its default, a folder is the same by any path to it. A run may be given more epochs, and whatever does
// not change results. The device and the selection of data, which the text has as comments, count as well. Throws Error
// naming `file` where a text is broken.
std::string difference_of_runs(const std::string& earlier, const std::string& now, const fs::path& file);

}  // namespace palimpsest::experiments
