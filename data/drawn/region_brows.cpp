#include "data/drawn/regions.h"

namespace palimpsest::data::drawn {

std::vector<Push> brow_pushes(int number, int side) {
  const double s = sign_of(side);
  switch (number) {
    case 1:  // frontalis, pars medialis: the inner end rises, the outer stays
      return {{part_brow, {s * .20, -.37}, {.50, .5}, {-s * .01, -.23}},
              {part_crease, {s * .30, -.12}, {.30, .4}, {0, -.045}}};
    case 2:  // frontalis, pars lateralis: the outer half arches
      return {{part_brow, {s * .70, -.41}, {.56, .5}, {0, -.23}}, {part_crease, {s * .66, -.12}, {.30, .4}, {0, -.05}}};
    case 4:  // corrugator: down and inwards, most at the inner end
      return {{part_brow, {s * .22, -.36}, {.70, .5}, {-s * .10, .15}},
              {part_crease, {s * .42, -.12}, {.45, .4}, {0, .045}},
              {part_upper_lid, {s * .40, -.10}, {.28, .3}, {0, .025}}};
    default:
      return {};
  }
}

Marks brow_marks(int number, int side, const Shape&) {
  const double s = sign_of(side);
  Marks marks;
  switch (number) {
    case 1:  // furrows across the middle of the forehead; the halves of both sides meet
      for (double y : {-.70, -.81, -.92})
        marks.furrows.push_back(
            {{{0, y}, {s * .18, y - .012}, {s * .36, y + .03}, {s * .46, y + .05}}, .042, .52, -.022, false, true});
      break;
    case 2:  // arched furrows that follow the raised outer brow
      for (double k : {0.0, 1.0, 2.0}) {
        const double y = -.77 - .105 * k, x = .03 * k;
        marks.furrows.push_back(
            {{{s * (.44 - x), y + .055}, {s * .60, y - .005}, {s * .78, y + .005}, {s * (.94 - x), y + .085}},
             .042,
             .52,
             -.022});
      }
      break;
    case 4:  // two upright furrows and the fold of skin between and beside them
      marks.furrows.push_back(
          {{{s * .085, -.52}, {s * .062, -.38}, {s * .075, -.22}, {s * .10, -.15}}, .045, .72, -.035});
      marks.furrows.push_back({{{s * .14, -.17}, {s * .26, -.20}, {s * .42, -.16}}, .05, .35, -.01});
      marks.bulges.push_back({{s * .17, -.42}, {.11, .15}, .045});
      break;
    default:
      break;
  }
  return marks;
}

}  // namespace palimpsest::data::drawn
