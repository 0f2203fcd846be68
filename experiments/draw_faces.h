#pragma once
#include <set>
#include <string>

#include "data/drawn/draw_pairs.h"
#include "data/drawn/draw_sets.h"
#include "experiments/settings/fields.h"

namespace palimpsest::experiments {

struct DrawFacesCommand {
  data::drawn::DrawSetsOptions sets;
  data::drawn::DrawPairsOptions pairs;
  fs::path contact_sheets;

  DrawFacesCommand();
};
void settle(DrawFacesCommand& command, const std::set<std::string>& given);
void run_draw_faces(const DrawFacesCommand& command);

}  // namespace palimpsest::experiments
