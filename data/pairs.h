#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/dataset.h"

namespace palimpsest::data {

// Counterfactual pairs: two pictures of one face that differ in one action unit. FOLDER/pairs.csv has a row for each:
//
//   pair           its name, each once
//   subject        the person
//   action_unit    the unit's number
//   context        what else the face shows: an emotion, or "peak" (a peak of CK+)
//   with, without  the two pictures, paths below FOLDER; they have the same size
//
// and where known
//
//   outside                             the share of the pixel change outside the area where the unit acts, 0 to 1
//   landmarks                           68 points "x;y;x;y;...", pixels, of the face that shows the unit
//   face_left, _top, _right, _bottom    its face box, pixels
//
// Both pictures have the landmarks and the box of the face that shows the unit, so that they are cropped alike: a
// dropped jaw alone moves the crop. Columns are found by name (base/table.h); others are not read.
struct Pairs {
  struct Pair {
    std::string id, subject, context;
    int action_unit = 0;
    std::optional<double> outside;
  };
  std::vector<Pair> pairs;
  Dataset pictures;  // samples 2 i and 2 i + 1: those of pair i, with and without the unit; no labels

  std::vector<int> action_units() const;  // ascending
};

// Throws Error naming pairs.csv and the row when a field cannot be used, a picture is missing, or there is no pair.
Pairs read_pairs(const fs::path& folder);

// Opens every picture. Throws Error for one that cannot be read, and for a pair whose two have different sizes.
void require_same_sizes(const Pairs& pairs, int threads);

}  // namespace palimpsest::data
