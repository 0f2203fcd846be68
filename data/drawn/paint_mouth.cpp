#include <algorithm>

#include "data/drawn/paint.h"

namespace palimpsest::data::drawn {

namespace {

// One row of teeth between the heights `top` and `bottom` at its middle, in face space.
void paint_teeth(const Canvas& canvas, const Sitter& sitter, double top, double bottom, bool upper) {
  const double w = .46;
  const auto row = [&](double y, double bend) {
    return smooth(Curve{{-w, y + bend}, {-.5 * w, y + .25 * bend}, {0, y}, {.5 * w, y + .25 * bend}, {w, y + bend}}, 4);
  };
  const double bend = upper ? -.035 : -.025;
  const Curve teeth = sitter.pose(row(top, bend) + reversed(row(bottom, bend)));
  const double k = .72 + .25 * sitter.scene.ambient;
  const Colour ivory{.99 * k, .965 * k, .91 * k};
  canvas.fill_between(teeth, sitter.pose({0, top}), scaled(ivory, upper ? .88 : .95), sitter.pose({0, bottom}),
                      scaled(ivory, upper ? 1.0 : .85));
  for (double x : {-.27, -.18, -.09, 0.0, .09, .18, .27})
    canvas.stroke({sitter.pose({x, top}), sitter.pose({x * .99, bottom})}, scaled(ivory, .72), sitter.px(.010), .8);
}

void paint_inside(const Canvas& canvas, const Sitter& sitter, const Curve& opening) {
  const Shape& shape = sitter.shape;
  const double y = shape.mouth_line, drop = shape.jaw_drop + .05 * effect_of(sitter.expression.intensity(25));
  cairo_save(canvas.cr());
  canvas.path(opening);
  cairo_clip(canvas.cr());
  canvas.fill(opening, {.20, .06, .06});
  const double tongue = y + .20 + .75 * drop;
  canvas.glow(sitter.pose({0, tongue + .05}), {sitter.px(.34), sitter.px(.20)}, sitter.pose.roll(), {.80, .36, .36},
              .95);
  paint_teeth(canvas, sitter, y + .045 + drop, y + .24 + drop, false);
  paint_teeth(canvas, sitter, y - .22, y + .025, true);
  Curve shadow = sitter.pose(smooth(shape[inner_top], 4));
  canvas.stroke(shadow, {.12, .03, .03}, sitter.px(.05), .30);
  cairo_restore(canvas.cr());
}

}  // namespace

void paint_mouth(const Canvas& canvas, const Sitter& sitter) {
  const Shape& shape = sitter.shape;
  const Curve top = sitter.pose(smooth(shape[inner_top], 4)), low = sitter.pose(smooth(shape[inner_bottom], 4));
  double gap = 0;
  for (std::size_t i = 0; i < 7; ++i) gap = std::max(gap, shape[inner_bottom][i].y - shape[inner_top][i].y);
  if (gap > .004) paint_inside(canvas, sitter, top + reversed(low));
  const Colour line{sitter.face.lip.r * .36, sitter.face.lip.g * .25, sitter.face.lip.b * .25};
  const double strength = gap > .03 ? .55 : .9;
  canvas.fill(tapered(top, sitter.px(.034), .35, .35), line, strength);
  if (gap > .004) canvas.fill(tapered(low, sitter.px(.020), .35, .35), line, .5);
  for (int side : {0, 1})
    canvas.glow(sitter.pose(shape.mouth_corner(side)), {sitter.px(.05), sitter.px(.045)}, 0, line, .75);
}

}  // namespace palimpsest::data::drawn
