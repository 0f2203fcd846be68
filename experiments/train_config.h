#pragma once
#include <set>
#include <string>

#include "base/files.h"
#include "experiments/commands.h"

namespace palimpsest {

// Every option of `train` as TOML, keys named like the long options: what a run writes into its config.toml. Read back
// by apply_train_config it gives the same options. Device, threads and the places written to are not part of it.
std::string train_config_text(const TrainCommand& command);

// Sets the options that a TOML file names and returns their names. `preset` is a key as well, but is not applied here.
// Throws Error naming file, line and key for malformed TOML, a key that is no option, and a value of the wrong kind.
std::set<std::string> apply_train_config(const fs::path& file, TrainCommand& command);

// The first option in which two texts of config.toml differ, for RunFolder. Options are compared by value: one that is
// not there has its default, a folder is the same by any path to it. A run may be given more epochs, another cache,
// another place for the list of what was skipped. The device and the selection of data, which the text has as comments,
// count as well. Throws Error naming `file` where a text is broken.
std::string difference_of_runs(const std::string& earlier, const std::string& now, const fs::path& file);

// The presets, applied in the order in which `command.preset` lists them ("emotion,scratch"): `emotion`, `pain` and
// `retrain` are the paper's three recipes (arXiv 2104.07389, section 3); `scratch` is what training without weights to
// start from needs besides. Declared in commands.h: void apply_preset(TrainCommand& command).

// Both throw Error naming the first option whose value makes no sense by itself or beside another one.
void check_data_options(const DataChoice& data);
void check_train_options(const TrainCommand& command);

}  // namespace palimpsest
