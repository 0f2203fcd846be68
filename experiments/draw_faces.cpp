#include "data/drawn/contact_sheet.h"
#include "data/drawn/draw_sets.h"
#include "experiments/commands.h"

namespace palimpsest {

void run_draw_faces(const DrawFacesCommand& command) {
  if (!command.sets.folder.empty()) drawn::draw_sets(command.sets);
  if (!command.contact_sheets.empty()) drawn::write_contact_sheets(command.contact_sheets, command.sets.seed);
}

}  // namespace palimpsest
