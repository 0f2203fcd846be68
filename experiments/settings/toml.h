#pragma once
#include <set>
#include <string>

#include "experiments/settings/fields.h"

namespace palimpsest::experiments {

// Sets the fields that `text` gives and returns their keys ("train.pain.epochs"). Keys are the long names of options;
// underscores for dashes and names of older versions are taken, with a remark unless `quiet`. Throws Error naming
// `file`, line and key for malformed TOML, an unknown key (with the nearest known one), and a value that is not of its
// kind.
std::set<std::string> read_toml(const std::string& text, const std::string& file, const Fields& fields,
                                bool quiet = false);

std::string toml_line(const Field& field);  // "momentum = 0.5"

// The fields that belong into files, with their groups as comments; read back they are the same.
std::string write_toml(const Fields& fields);

}  // namespace palimpsest::experiments
