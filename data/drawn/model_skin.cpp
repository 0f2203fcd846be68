#include <algorithm>

#include "data/drawn/paint.h"

namespace palimpsest::data::drawn {

namespace {

void model_nose(Relief& relief, const Sitter& sitter) {
  const Shape& shape = sitter.shape;
  const Point tip = shape.nose_tip();
  const double w = shape.nose_width;
  relief.add(Furrow{{{0, -.10}, {0, .15}, {0, .40}, tip}, .26 * w, 0, .13 * sitter.face.bridge, true, false});
  relief.add(Bulge{tip, {.24 * w, .22}, .15});
  relief.add(Bulge{tip, {.13 * w, .13}, .04});
  for (int side : {0, 1}) {
    const Point wing = shape.nose_wing(side);
    relief.add(Bulge{wing + Point{-sign_of(side) * .035, -.015}, {.10, .11}, .055});
    relief.darken(wing + Point{sign_of(side) * .045, .01}, {.07, .12}, .22);
    relief.darken({sign_of(side) * .17, .02}, {.12, .20}, .16);  // between nose and eye
  }
  relief.darken({0, shape[nostrils][2].y + .045}, {.24 * w, .09}, .38);  // shadow under the nose
}

void model_eyes(Relief& relief, const Sitter& sitter) {
  for (int side : {0, 1}) {
    const double s = sign_of(side);
    relief.add(Bulge{{s * .5, -.02}, {.42, .34}, -.07});  // socket
    relief.add(Bulge{{s * .5, 0}, {.29, .22}, .07});      // eyeball
    const Point low = at(sitter.shape[brow(side)], .45);
    relief.add(Bulge{low + Point{0, .02}, {.45, .17}, .05});  // ridge of the brow
    relief.darken(mix(low, sitter.shape.eye(side), .55) + Point{-s * .05, 0}, {.36, .14}, .16);
    relief.add(Bulge{{s * .70, .46}, {.46, .40}, .07});  // cheekbone
    const double tired = .15 + .35 * sitter.face.age;
    relief.add(Furrow{{{s * .24, .12}, {s * .40, .22}, {s * .62, .23}}, .06, .30 * tired, -.02});
  }
}

void model_mouth(Relief& relief, const Sitter& sitter) {
  const Shape& shape = sitter.shape;
  const auto middle = [&](Line a, Line b) {
    Curve curve;
    for (std::size_t i = 0; i < 7; ++i) curve.push_back(mix(shape[a][i], shape[b][i], .5));
    return curve;
  };
  const double up = std::max(.03, shape[inner_top][3].y - shape[lip_top][3].y);
  const double low = std::max(.03, shape[lip_bottom][3].y - shape[inner_bottom][3].y);
  relief.add(Furrow{middle(lip_top, inner_top), up * .8, 0, .028});
  relief.add(Furrow{middle(lip_bottom, inner_bottom), low * .75, 0, .045});
  relief.add(Furrow{{shape[nostrils][2] + Point{0, .06}, shape[lip_top][3]}, .055, .07, -.018});  // philtrum
  relief.darken({0, shape[lip_bottom][3].y + .065}, {.26, .075}, .26);
  relief.add(Bulge{{0, mix(shape[lip_bottom][3], shape.chin(), .62).y}, {.30, .22}, .07});  // chin
  for (int side : {0, 1}) relief.darken(shape.mouth_corner(side) + Point{sign_of(side) * .03, .01}, {.08, .07}, .28);
}

// Lines of the face at rest, fainter than those of the action units, so that age alone is never mistaken for an action.
void model_age(Relief& relief, const Sitter& sitter) {
  const double age = sitter.face.age;
  const Shape& shape = sitter.shape;
  for (int side : {0, 1}) {
    const double s = sign_of(side);
    const Point wing = shape.nose_wing(side), corner = shape.mouth_corner(side);
    relief.add(Furrow{{wing + Point{s * .04, -.03}, wing + Point{s * .12, .08}, corner + Point{s * .09, -.08}},
                      .05,
                      .05 + .22 * age,
                      -.008 - .012 * age});
    if (age > .35) {
      relief.add(Furrow{{corner + Point{s * .05, .06}, corner + Point{s * .07, .22}}, .035, .30 * (age - .3), -.01});
      const Point c = shape.outer_canthus(side);
      relief.add(Furrow{{c + Point{s * .06, .02}, c + Point{s * .15, .05}}, .022, .5 * (age - .3), -.01});
    }
  }
  if (age > .4)
    for (double y : {-.74, -.86})
      relief.add(Furrow{{{-.45, y + .02}, {0, y}, {.45, y + .02}}, .025, .38 * (age - .3), -.006});
}

}  // namespace

void model_skin(Relief& relief, const Sitter& sitter) {
  model_eyes(relief, sitter);
  model_nose(relief, sitter);
  model_mouth(relief, sitter);
  model_age(relief, sitter);
  for (int side : {0, 1})
    for (int i = 0; i < action_unit_count; ++i) {
      const auto& half = side == 0 ? sitter.expression.right : sitter.expression.left;
      const double effect = effect_of(half[std::size_t(i)]);
      if (effect <= 0) continue;
      const Marks found = marks(action_unit_table()[std::size_t(i)].number, side, sitter.shape);
      for (const Furrow& furrow : found.furrows) relief.add(furrow, effect);
      for (const Bulge& bulge : found.bulges) relief.add(bulge, effect);
    }
}

}  // namespace palimpsest::data::drawn
