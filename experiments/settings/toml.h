#pragma once
#include <set>
#include <string>
#include <vector>

#include "experiments/settings/fields.h"

namespace palimpsest {

// A table of a TOML file, "" for its top, "train.pain" for [train.pain], and what may stand in it.
struct Section {
  std::string name;
  Fields* fields;
};

// Sets the fields that `text` gives and returns their keys ("train.pain.epochs"). With `first` only those that are to
// be read first. Keys are the long names of options; underscores for dashes and names of older versions are taken with
// a remark. Throws Error naming `file`, line and key for malformed TOML, an unknown key (with the nearest one that is
// known), and a value that is not of its kind.
std::set<std::string> read_toml(const std::string& text, const std::string& file, const std::vector<Section>& sections,
                                bool first = false);

std::string toml_line(const Field& field);  // "momentum = 0.5"

// The fields that belong into files, with their groups as comments; read back they are the same.
std::string write_toml(const Fields& fields);

}  // namespace palimpsest
