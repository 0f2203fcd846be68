#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/image.h"

namespace palimpsest {

struct ActionUnit {
  int number = 0;
  double intensity = 0;  // 0 to 5; in CK+ 0 means present but not scored
};

// One labelled picture of a data set. What a set does not have stays empty.
struct Sample {
  std::string id;               // unique in its set and the same on every machine: the path below the set's folder
  std::filesystem::path image;
  int label = -1;               // index into Dataset::classes; -1: none
  std::string subject;          // participant
  std::string sequence;
  int frame = 0;                // number within the sequence
  std::optional<Box> face;      // face box
  std::vector<Point> landmarks; // 68 (or UNBC's 66) points in pixels
  std::vector<ActionUnit> action_units;
};

// A file that was named by the set but could not be used; shown to the user as a count and a list.
struct Skipped {
  std::string id, reason;
};

struct Dataset {
  std::string name;                  // as given, for instance "affectnet:DIR"
  std::vector<std::string> classes;
  std::vector<Sample> samples;
  std::vector<Skipped> skipped;
};

// Parts of a set by the study's selection (STUDY, section 2). A part may be empty (CK+ has only `test`).
struct Splits {
  Dataset train, validation, test;
};

}  // namespace palimpsest
