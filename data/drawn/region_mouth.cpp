#include <cmath>
#include <numbers>

#include "data/drawn/regions.h"

namespace palimpsest::data::drawn {

std::vector<Push> mouth_pushes(int number, int side, const Shape& face) {
  const double s = sign_of(side), y = face.mouth_line;
  const Point corner = face.mouth_corner(side);
  switch (number) {
    case 12:  // zygomaticus major: corner up and out
      return {{part_lips, corner, {.54, .4}, {s * .13, -.18}}};
    case 14:  // buccinator: the corner is drawn into the cheek and pressed thin
      return {{part_lips, corner, {.34, .3}, {s * .05, -.025}, {0, .75}}};
    case 15:  // depressor anguli oris: corner down
      return {{part_lips, corner, {.42, .4}, {s * .02, .165}}};
    case 16:  // depressor labii inferioris: the lower lip is drawn down flat, its corners stay
      return {{part_lower_lip, {s * .16, y + .06}, {.40, .5}, {0, .115}}};
    case 17:  // mentalis: the middle of both lips up, the chin too
      return {{part_lower_lip, {s * .08, y + .08}, {.36, .4}, {0, -.085}},
              {part_upper_lip, {s * .08, y}, {.36, .3}, {0, -.055}},
              {part_jaw, {0, face.chin().y}, {.6, .5}, {0, -.035}}};
    case 20:  // risorius: straight outwards, the red grows thin
      return {{part_lips, corner, {.62, .5}, {s * .21, .03}}, {part_lips, {s * .2, y}, {.45, .4}, {0, 0}, {0, .22}}};
    case 23:  // orbicularis oris: thin, short and hard
      return {{part_lips, corner, {.40, .4}, {-s * .075, 0}},
              {part_lips, {s * .20, y + .01}, {.42, .4}, {0, 0}, {0, .66}}};
    case 25:  // the lips part by a small even gap
      return {{part_upper_lip, {s * .10, y - .04}, {.42, .4}, {0, -.034}},
              {part_lower_lip, {s * .10, y + .06}, {.46, .4}, {0, .085}}};
    case 26:  // the jaw hangs: chin and lower lip down, corners inwards
      return {{part_lower_lip, {s * .10, y + .08}, {.58, .6}, {0, .165}},
              {part_upper_lip, {s * .10, y - .04}, {.40, .4}, {0, -.012}},
              {part_lips, corner, {.28, .3}, {-s * .05, .07}},
              {part_jaw, {0, face.chin().y + .1}, {1.2, 1.1}, {0, .5 * full_jaw_drop}}};
    default:
      return {};
  }
}

namespace {

Marks smile_marks(double s, Point wing, Point corner) {
  Marks marks;
  marks.furrows.push_back({{wing + Point{s * .05, -.07}, wing + Point{s * .20, .06}, corner + Point{s * .115, -.10},
                            corner + Point{s * .12, .05}, corner + Point{s * .08, .13}},
                           .05,
                           .55,
                           -.045});
  marks.furrows.push_back(
      {{corner + Point{s * .02, -.05}, corner + Point{s * .04, 0}, corner + Point{s * .02, .06}}, .035, .5, -.02});
  marks.bulges.push_back({corner + Point{s * .20, -.34}, {.30, .25}, .075});
  return marks;
}

// A deep upright comma just beyond the corner, skin bunched on both sides of it.
Marks dimple_marks(double s, Point corner) {
  Marks marks;
  marks.furrows.push_back({{corner + Point{s * .055, -.17}, corner + Point{s * .10, -.07},
                            corner + Point{s * .105, .05}, corner + Point{s * .06, .16}},
                           .062,
                           .80,
                           -.06});
  marks.bulges.push_back({corner + Point{s * .21, -.01}, {.12, .19}, .07});
  marks.bulges.push_back({corner + Point{s * .01, .11}, {.09, .08}, .03});
  marks.bulges.push_back({corner + Point{s * .01, -.11}, {.09, .08}, .025});
  return marks;
}

Marks frown_marks(double s, Point corner) {
  Marks marks;
  marks.furrows.push_back({{corner + Point{s * .03, -.04}, corner + Point{s * .07, .06}, corner + Point{s * .06, .17},
                            corner + Point{s * .02, .27}},
                           .05,
                           .72,
                           -.035});
  marks.bulges.push_back({corner + Point{-s * .04, .16}, {.11, .10}, .035});
  return marks;
}

// Pits on the chin boss, in fixed places, and the arched crease above it.
Marks chin_marks(double s, double lip, double chin) {
  Marks marks;
  const double y = lip + .42 * (chin - lip), h = chin - lip;
  marks.furrows.push_back(
      {{{0, lip + .10 * h}, {s * .14, lip + .13 * h}, {s * .27, lip + .30 * h}}, .052, .62, -.04, false, true});
  constexpr Point pits[] = {{.015, .05}, {.10, .01}, {.17, .11}, {.075, .14}, {.02, .235}, {.15, .25}};
  for (Point p : pits)
    marks.furrows.push_back(
        {{{s * (p.x - .022), y - .035 + p.y}, {s * (p.x + .018), y - .020 + p.y}}, .038, .46, -.035, false, false});
  marks.bulges.push_back({{s * .08, y + .10}, {.22, .24}, .06});
  return marks;
}

Marks stretch_marks(double s, Point corner) {
  Marks marks;
  for (double k : {0.0, 1.0})  // two long upright lines in the cheek
    marks.furrows.push_back({{corner + Point{s * (.05 + .12 * k), -.20 + .03 * k},
                              corner + Point{s * (.10 + .13 * k), -.02}, corner + Point{s * (.05 + .11 * k), .19}},
                             .04,
                             .52 - .1 * k,
                             -.03});
  return marks;
}

// The tightened red sits in a ring of bunched muscle, from which short wrinkles fan out.
Marks tight_marks(int side, const Shape& face) {
  const double s = sign_of(side);
  const auto place = [&](Line line, double x) { return at(face[line], .5 + .5 * s * x); };
  Marks marks;
  for (double x : {.20, .62}) {
    // Shallow and curved: deep straight ones look like stitches.
    const Point a = place(lip_top, x), b = place(lip_bottom, x), fan{s * .06 * x, .12};
    for (const auto& [lip, up] : {std::pair{a + Point{0, -.03}, -1.0}, {b + Point{0, .035}, 1.0}})
      marks.furrows.push_back(
          {{lip, lip + Point{.7 * fan.x, up * .55 * fan.y}, lip + Point{fan.x, up * fan.y}}, .034, .26, -.018});
  }
  marks.furrows.push_back({{{0, face[lip_bottom][3].y + .16},
                            place(lip_bottom, .5) + Point{0, .15},
                            face.mouth_corner(side) + Point{s * .07, .05}},
                           .045,
                           .34,
                           -.03,
                           false,
                           true});
  marks.bulges.push_back({place(lip_top, .45) + Point{0, -.06}, {.26, .075}, .05});
  marks.bulges.push_back({place(lip_bottom, .45) + Point{0, .065}, {.26, .075}, .05});
  return marks;
}

}  // namespace

Marks mouth_marks(int number, int side, const Shape& face) {
  const double s = sign_of(side);
  const Point corner = face.mouth_corner(side);
  const double lip = face[lip_bottom][3].y, chin = face.chin().y;
  switch (number) {
    case 12:
      return smile_marks(s, face.nose_wing(side), corner);
    case 14:
      return dimple_marks(s, corner);
    case 15:
      return frown_marks(s, corner);
    case 16: {  // the skin below the lip is drawn flat and square
      Marks marks;
      marks.furrows.push_back({{{0, lip + .115}, {s * .16, lip + .11}, {s * .30, lip + .03}, {s * .36, lip - .06}},
                               .04,
                               .50,
                               -.035,
                               false,
                               true});
      marks.bulges.push_back({{s * .24, lip + .03}, {.14, .07}, .03});
      return marks;
    }
    case 17:
      return chin_marks(s, lip, chin);
    case 20:
      return stretch_marks(s, corner);
    case 23:
      return tight_marks(side, face);
    case 26: {  // cheeks are drawn long
      Marks marks;
      marks.furrows.push_back(
          {{corner + Point{s * .20, -.30}, corner + Point{s * .17, .0}, corner + Point{s * .10, .25}}, .07, .28, -.03});
      return marks;
    }
    default:
      return {};
  }
}

}  // namespace palimpsest::data::drawn
