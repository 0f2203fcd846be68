#pragma once
#include <set>
#include <string>

#include "experiments/settings/settings.h"

namespace palimpsest {

struct TrainCommand : Recipe {
  MachineSettings on;
  DataSettings data;
  fs::path config;  // a TOML file with more of these settings
  fs::path out, gradients;
  bool resume = true;
  bool no_augment = false;
  bool keep_momentum = true;  // of a finished run, so that it can go on with more epochs; a study's never does
  std::set<std::string> named_in_file;  // the settings that `config` gave
};
void describe(Fields& fields, TrainCommand& command);
void prepare(TrainCommand& command, std::set<std::string>& given);
void settle(TrainCommand& command, const std::set<std::string>& given);
void run_train(const TrainCommand& command);

// What a run writes into its config.toml: all of its recipe and its data, by their names on the command line. Read back
// it gives the same run. Device, threads and the places written to are not part of it.
std::string train_config_text(const TrainCommand& command);
void read_train_config(const std::string& text, const std::string& file, TrainCommand& command);

// The first option in which two texts of config.toml differ, for RunFolder. Options are compared by value: one that is
// not there has its default, a folder is the same by any path to it. A run may be given more epochs, and whatever does
// not change results. The device and the selection of data, which the text has as comments, count as well. Throws Error
// naming `file` where a text is broken.
std::string difference_of_runs(const std::string& earlier, const std::string& now, const fs::path& file);

}  // namespace palimpsest
