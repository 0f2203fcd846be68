#include "data/drawn/regions.h"

namespace palimpsest::data::drawn {

std::vector<Push> nose_pushes(int number, int side, const Shape& face) {
  const double s = sign_of(side), y = face.mouth_line;
  switch (number) {
    case 9:  // levator labii superioris alaeque nasi: wings and lip up, inner brow down
      return {{part_nose, face.nose_wing(side), {.26, .3}, {s * .015, -.085}},
              {part_brow, {s * .2, -.36}, {.45, .4}, {-s * .03, .075}},
              {part_upper_lip, {s * .16, y - .08}, {.36, .3}, {0, -.04}},
              {part_lower_lid, {s * .42, .06}, {.28, .3}, {0, -.03}}};
    case 10:  // levator labii superioris: the lip rises off the teeth, its corners stay
      return {{part_upper_lip, {s * .20, y - .03}, {.40, .4}, {0, -.125}},
              {part_nose, face.nose_wing(side), {.22, .3}, {s * .03, -.03}}};
    default:
      return {};
  }
}

Marks nose_marks(int number, int side, const Shape& face) {
  const double s = sign_of(side);
  const Point wing = face.nose_wing(side);
  Marks marks;
  if (number == 9) {
    for (double k : {0.0, 1.0, 2.0})  // slanting wrinkles on the side of the nose
      marks.furrows.push_back(
          {{{s * .05, .13 + .085 * k}, {s * .14, .065 + .085 * k}, {s * .22, .05 + .10 * k}, {s * .27, .09 + .11 * k}},
           .032,
           .66,
           -.03});
    marks.furrows.push_back({{{0, -.05}, {s * .07, -.045}, {s * .13, -.085}}, .036, .62, -.03, false, true});
    marks.furrows.push_back({{{0, -.14}, {s * .06, -.135}, {s * .11, -.18}}, .034, .5, -.02, false, true});
    marks.furrows.push_back(
        {{{s * .25, .40}, wing + Point{s * .08, -.10}, wing + Point{s * .13, .02}}, .042, .45, -.03});
    marks.bulges.push_back({{s * .20, .30}, {.10, .18}, .03});
  } else if (number == 10) {
    const Point corner = face.mouth_corner(side);
    // The fold starts high beside the wing, bends out and runs past the corner: deepest at its top.
    marks.furrows.push_back({{wing + Point{s * .035, -.15}, wing + Point{s * .15, -.08}, wing + Point{s * .25, .08},
                              mix(wing, corner, .6) + Point{s * .16, 0}},
                             .05,
                             .66,
                             -.045,
                             false,
                             true});
    marks.bulges.push_back({wing + Point{s * .22, -.16}, {.20, .18}, .06});
  }
  return marks;
}

}  // namespace palimpsest::data::drawn
