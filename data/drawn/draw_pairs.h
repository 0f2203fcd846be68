#pragma once
#include <vector>

#include "base/files.h"
#include "base/words.h"
#include "data/drawn/draw_sets.h"

namespace palimpsest::data::drawn {

// The faces on which an action unit is shown and not shown.
enum class PairContext {
  emotions,  // of AffectNet's kind, of the emotions that may show the unit, in turn
  peaks,     // of CK+'s kind, blends without an emotion
};
constexpr auto words(PairContext) {
  return std::to_array<Word<PairContext>>({{"emotions", PairContext::emotions}, {"peaks", PairContext::peaks}});
}

struct DrawPairsOptions {
  fs::path folder;
  std::vector<int> units;  // empty: all that the drawn emotions may show
  int pairs_per_unit = 100;
  PairContext context = PairContext::emotions;
};

// Draws counterfactual pairs: each face twice, with the same person, pose, light and noise, once as the sets draw it
// and once without one of its action units. Only that unit differs, with what follows from it: score_parted_lips() is
// applied to both, so that without AU26 the lips part only for another reason. Strays stay. Person i of each action
// unit is the same, and in no set.
//
// `folder` gets pairs.csv (data/pairs.h), whose further columns are crop_left, crop_top, crop_right and crop_bottom
// (the default crop of both pictures) and action_units_with and action_units_without (in expression_text()'s form); PNG
// files, since JPEG would change pixels far from the unit; and drawn.json. Of `common` the seed, size, keep, stray and
// threads are used. Existing folders are treated as by draw_sets(). Throws Error for a unit that is not drawn, or that
// no face of the context shows.
void draw_pairs(const DrawPairsOptions& options, const DrawSetsOptions& common);

// The action units that the drawn emotions may show, ascending.
std::vector<int> units_of_emotions();

}  // namespace palimpsest::data::drawn
