#pragma once
#include <cstdint>

#include "base/files.h"

namespace palimpsest::data::drawn {

// Pictures for checking the faces by eye, written to `folder`:
// action_units.png     every action unit at intensities 1, 3 and 5 on three people
// action_units_64.png  every action unit at intensity 3, drawn at 64 pixels and enlarged without smoothing
// emotions.png         ten faces of every emotion with their action units, chosen as draw_sets() chooses them
// pain.png             a sequence of frames per row with PSPI and action units
void write_contact_sheets(const fs::path& folder, std::uint64_t seed);

}  // namespace palimpsest::data::drawn
