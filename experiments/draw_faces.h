#pragma once
#include "data/drawn/draw_sets.h"
#include "experiments/settings/fields.h"

namespace palimpsest {

struct DrawFacesCommand {
  drawn::DrawSetsOptions sets;
  fs::path contact_sheets;

  DrawFacesCommand();
};
void run_draw_faces(const DrawFacesCommand& command);

}  // namespace palimpsest
