#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/image.h"

namespace palimpsest::data {

struct ActionUnit {
  int number = 0;
  double intensity = 0;  // 0 to 5; in CK+ 0 means present but not scored
};

// One labelled picture of a data set. Fields that a set lacks are empty.
struct Sample {
  std::string id;  // unique in its set and the same on every machine: the path below the set's folder
  std::filesystem::path image;
  int label = -1;       // index into Dataset::classes; -1: none
  std::string subject;  // participant
  std::string sequence;
  int frame = 0;                 // number within the sequence
  std::optional<Box> face;       // face box
  std::vector<Point> landmarks;  // 68 (or UNBC's 66) points in pixels
  std::vector<ActionUnit> action_units;
};

// A file of the set that could not be used; shown to the user as a count and a list.
struct Skipped {
  std::string id, reason;
};

struct Dataset {
  std::string name;  // as given, for instance "affectnet:DIR"
  std::vector<std::string> classes;
  std::vector<Sample> samples;
  std::vector<Skipped> skipped;
  std::filesystem::path folder;  // where it was read
};

// Number of samples of each class; samples without a label are not counted.
std::vector<std::int64_t> class_counts(const Dataset& set);

// Throws Error naming the classes without a sample. `part`: "training part", for the message.
void require_every_class(const Dataset& set, const std::string& part);

// 1 for the samples that list action unit `number` with any intensity, else 0.
std::vector<std::int64_t> action_unit_labels(const Dataset& set, int number);

// The action units that occur in the set, ascending.
std::vector<int> action_units_in(const Dataset& set);

// Subjects numbered 0, 1, ... in the order in which they first occur.
std::vector<std::int64_t> subject_groups(const Dataset& set);

// Parts of a set by the study's selection (splits.h). A part may be empty (CK+ has only `test`).
struct Splits {
  Dataset train, validation, test;
};

}  // namespace palimpsest::data
