#pragma once
#include <cstdint>
#include <vector>

#include "data/drawn/action_units.h"
#include "data/drawn/identity.h"
#include "data/drawn/scene.h"

namespace palimpsest::data::drawn {

inline constexpr int mask_grid = 64;

// Where each action unit acts on a face: mask_grid x mask_grid cells over the whole picture (row by row; a cell of a
// picture that is not square is not square either), bit k of a cell set where the action unit at place k of the table
// acts. That is the area swept by the face's lines where they move by at least 30 % of the farthest movement, and
// the area of the folds and bulges. One-sided action units have one side; an action unit that the face does not show
// has the area where it would act on this face.
std::vector<std::uint32_t> action_unit_masks(const Identity& identity, const Expression& expression, const Scene& scene,
                                             int width, int height);

}  // namespace palimpsest::data::drawn
