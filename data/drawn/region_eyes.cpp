#include "data/drawn/regions.h"

namespace palimpsest::data::drawn {

std::vector<Push> eye_pushes(int number, int side) {
  const double s = sign_of(side);
  const Point eye{s * .5, 0};
  switch (number) {
    case 5:  // levator palpebrae: white above the iris, the fold disappears upwards
      return {{part_upper_lid, eye, {.31, .5}, {0, -.155}},
              {part_lower_lid, eye, {.31, .5}, {0, .03}},
              {part_crease, eye, {.34, .6}, {0, -.13}}};
    case 6:  // orbicularis, outer ring: the cheek pushes the lower lid up, the outer brow comes down a little
      return {{part_lower_lid, eye, {.34, .5}, {0, -.075}}, {part_brow, {s * .8, -.38}, {.35, .4}, {0, .035}}};
    case 7:  // orbicularis, inner ring: the slit narrows from both sides, the lower lid becomes straight
      return {{part_lower_lid, eye, {.36, .5}, {0, -.085}},
              {part_upper_lid, eye, {.34, .5}, {0, .062}},
              {part_crease, eye, {.40, .5}, {0, .03}}};
    case 43:  // the upper lid comes down to the lower one
      return {{part_upper_lid, eye, {.36, .6}, {0, .34}},
              {part_lower_lid, eye, {.36, .5}, {0, .02}},
              {part_crease, eye, {.40, .5}, {0, .03}}};
    default:
      return {};
  }
}

namespace {

void crows_feet(Marks& marks, int side, const Shape& face) {
  const double s = sign_of(side);
  const Point c = face.outer_canthus(side);
  for (double k : {-1.0, 0.0, 1.0})
    marks.furrows.push_back(
        {{c + Point{s * .05, .05 * k}, c + Point{s * .14, .075 * k + .01}, c + Point{s * .25, .15 * k + .02}},
         .034,
         .62,
         -.022});
}

Curve below_lid(const Shape& face, int side, double from, double to, double distance, double sag) {
  Curve curve;
  for (double t : {0.0, .25, .5, .75, 1.0}) {
    const Point p = at(face[lower_lid(side)], from + t * (to - from));
    curve.push_back(p + Point{0, distance + sag * 4 * t * (1 - t)});
  }
  return curve;
}

}  // namespace

Marks eye_marks(int number, int side, const Shape& face) {
  const double s = sign_of(side);
  Marks marks;
  switch (number) {
    case 5:  // the socket above the lid is stretched and catches the light
      marks.bulges.push_back({{s * .5, -.22}, {.30, .10}, .02});
      break;
    case 6:
      crows_feet(marks, side, face);
      marks.furrows.push_back({below_lid(face, side, -.05, .95, .10, .08), .05, .50, -.03});
      marks.bulges.push_back({{s * .62, .42}, {.40, .26}, .105});
      marks.bulges.push_back({{s * .50, .16}, {.26, .07}, .02});
      break;
    case 7:  // a tight pouch right below the lashes
      marks.furrows.push_back({below_lid(face, side, .04, .96, .075, .03), .034, .62, -.025});
      marks.bulges.push_back({at(face[lower_lid(side)], .5) + Point{0, .045}, {.24, .05}, .022});
      marks.furrows.push_back({{{s * .20, .05}, {s * .235, .10}, {s * .30, .145}}, .028, .4, -.015});
      break;
    case 43:  // the eyeball shows through the closed lid
      marks.bulges.push_back({{s * .5, -.02}, {.25, .14}, .05});
      break;
    default:
      break;
  }
  return marks;
}

}  // namespace palimpsest::data::drawn
