#pragma once
#include <vector>

#include "data/drawn/action_units.h"
#include "data/drawn/shape.h"

namespace palimpsest::data::drawn {

// A piece of a displacement field: points of the named parts within an ellipse move by `by`, and towards `centre` by
// the shares `gather`, both weighted with bump(), which falls from 1 at the centre to 0 at the ellipse.
struct Push {
  unsigned parts = 0;
  Point centre, radius, by;
  Point gather{0, 0};
};

// A fold of skin: a groove (relief < 0) or ridge with soft edges, and how much darker the skin is in it (0 to 1).
struct Furrow {
  Curve curve;  // control points
  double half_width = .05, shade = .5, relief = -.02;
  bool taper_start = true, taper_end = true;
};

// Skin that swells (height > 0) or sinks.
struct Bulge {
  Point centre, radius;
  double height = .05;
};

// What one action unit does to one side of the face at full strength (intensity 5), in face space.
std::vector<Push> pushes(int number, int side, const Shape& neutral);

struct Marks {
  std::vector<Furrow> furrows;
  std::vector<Bulge> bulges;
};
Marks marks(int number, int side, const Shape& moved);  // on the displaced face

// The share of the full effect at an intensity: 1 at 5, .70 at 3, .32 at 1. Concave, so that a trace is visible.
double effect_of(double intensity);

// The displacement of a point of `part` by one action unit on one side at full strength.
Point displacement(const std::vector<Push>& field, Part part, Point at);

// The neutral face moved by every action unit of the expression. Lids and lips touch but never cross.
Shape deform(const Shape& neutral, const Expression& expression);

}  // namespace palimpsest::data::drawn
