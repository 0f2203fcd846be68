#pragma once
#include <vector>

#include "data/drawn/action_units.h"
#include "data/drawn/identity.h"
#include "data/drawn/scene.h"

namespace palimpsest::data::drawn {

struct DrawnFace {
  Image image;
  std::vector<Point> landmarks;  // 68 points, pixels
  Box box;                       // around the landmarks with some forehead, inside the picture, whole pixels
};

// Draws at two or three times the size and averages down; a pure function of its arguments.
DrawnFace draw_face(const Identity& identity, const Expression& expression, const Scene& scene, int width, int height);

}  // namespace palimpsest::data::drawn
