#include <algorithm>
#include <numbers>

#include "data/drawn/paint.h"

namespace palimpsest::data::drawn {

void paint_nose(const Canvas& canvas, const Sitter& sitter) {
  const Shape& shape = sitter.shape;
  const Colour line = sitter.shadow();
  for (int side : {0, 1}) {
    const double s = sign_of(side);
    const Point wing = shape.nose_wing(side), base = shape[nostrils][side == 0 ? 1 : 3];
    canvas.ellipse(sitter.pose(base + Point{s * .005, -.018}), {sitter.px(.050), sitter.px(.024)},
                   sitter.pose.roll() - s * .35, scaled(line, .65), .85);
    const Curve round = smooth(Curve{wing + Point{-s * .015, -.10}, wing + Point{s * .025, -.04},
                                     wing + Point{s * .012, .03}, mix(wing, base, .5) + Point{0, .02}},
                               4);
    canvas.fill(tapered(sitter.pose(round), sitter.px(.030)), line, .55);
  }
  const Curve under =
      smooth(Curve{shape[nostrils][1] + Point{.02, 0}, shape[nostrils][2], shape[nostrils][3] - Point{.02, 0}}, 4);
  canvas.fill(tapered(sitter.pose(under), sitter.px(.022)), line, .40);
}

namespace {

void paint_iris(const Canvas& canvas, const Sitter& sitter, int side) {
  const Identity& face = sitter.face;
  const Point centre = sitter.pose(sitter.shape.iris[std::size_t(side)]);
  const double r = sitter.px(sitter.shape.iris_radius);
  canvas.ellipse(centre, {r, r}, 0, scaled(face.iris, .45));
  canvas.ellipse(centre, {r * .86, r * .86}, 0, face.iris);
  canvas.glow(centre + Point{0, .45 * r}, {r * .75, r * .65}, 0, mix(face.iris, {1, 1, .9}, .5), .75);
  canvas.ellipse(centre, {r * .45, r * .45}, 0, {.04, .03, .04});
  const double s = sitter.scene.light[0] < 0 ? -1 : 1;
  canvas.ellipse(centre + Point{s * .36 * r, -.36 * r}, {r * .26, r * .26}, 0, {1, 1, 1}, .95);
}

void paint_eye(const Canvas& canvas, const Sitter& sitter, int side) {
  const double s = sign_of(side);
  const Curve top = sitter.pose(smooth(sitter.shape[upper_lid(side)], 3));
  const Curve low = sitter.pose(smooth(sitter.shape[lower_lid(side)], 3));
  const Curve opening = top + reversed(low);
  const Point centre = sitter.pose(sitter.shape.eye(side));
  const double k = .55 + .45 * sitter.scene.ambient + .12;
  cairo_save(canvas.cr());
  canvas.path(opening);
  cairo_clip(canvas.cr());
  const Colour white{.97 * k, .955 * k, .94 * k};
  canvas.fill_between(opening, centre - Point{0, sitter.px(.15)}, scaled(white, .86), centre + Point{0, sitter.px(.10)},
                      white);
  canvas.ellipse(sitter.pose(sitter.shape[upper_lid(side)].front()), {sitter.px(.045), sitter.px(.05)}, 0,
                 {.80 * k, .50 * k, .46 * k}, .8);
  paint_iris(canvas, sitter, side);
  canvas.stroke(top, {.12, .07, .06}, sitter.px(.085), .28);  // shadow of the lid on the eyeball
  cairo_restore(canvas.cr());

  const Colour lash = mix({.10, .06, .05}, sitter.face.brow, .25);
  Curve line = top;
  line.push_back(top.back() + sitter.px(.035) * Point{s, -.35});
  canvas.fill(tapered(line, sitter.px(.040 + .030 * sitter.face.lashes), .25, .15), lash, .92);
  canvas.fill(tapered(low, sitter.px(.022), .1, .7), lash, .50);
  const Curve fold = sitter.pose(smooth(sitter.shape[crease(side)], 3));
  canvas.fill(tapered(fold, sitter.px(.034)), sitter.shadow(), .30 + .35 * sitter.face.lid_fold);
}

}  // namespace

void paint_eyes(const Canvas& canvas, const Sitter& sitter) {
  for (int side : {0, 1}) paint_eye(canvas, sitter, side);
}

void paint_brows(const Canvas& canvas, const Sitter& sitter) {
  Random random(sitter.face.pattern, Purpose::draw_identity, 2);
  for (int side : {0, 1}) {
    const double s = sign_of(side), width = sitter.face.brow_thickness;
    const Curve line = smooth(sitter.shape[brow(side)], 4);
    canvas.fill(tapered(sitter.pose(line), sitter.px(width), .62, .12), sitter.face.brow, .80);
    for (int i = 0; i < 15; ++i) {  // hairs beyond the outline soften its edge
      const double t = .02 + .92 * i / 15.0, lean = .25 + .9 * t;
      const Point root = at(line, t) + Point{0, width * random.uniform(-.2, .42) * (1 - .5 * t)};
      const Point end = root + width * random.uniform(.55, .85) * (1 - .35 * t) * Point{s * lean, -.62 + .35 * t};
      canvas.stroke({sitter.pose(root), sitter.pose(end)}, scaled(sitter.face.brow, random.uniform(.75, 1.15)),
                    sitter.px(.016), .75);
    }
  }
}

void paint_glasses(const Canvas& canvas, const Sitter& sitter) {
  if (!sitter.face.glasses) return;
  const Colour frame = sitter.face.frames;
  const double line = std::max(sitter.px(.032), 1.0);
  for (int side : {0, 1}) {
    const double s = sign_of(side);
    const auto place = [&](double x, double y) { return sitter.pose.project({s * x, y}, .42); };
    const Curve rim = smooth(Curve{place(.16, -.10), place(.30, -.20), place(.70, -.20), place(.86, -.10),
                                   place(.84, .13), place(.68, .29), place(.34, .29), place(.18, .13)},
                             5, true);
    canvas.fill(rim, {1, 1, 1}, .05);
    Curve closed = rim;
    closed.push_back(rim.front());
    canvas.stroke(closed, frame, line, .9);
    canvas.stroke({place(.86, -.08), sitter.pose.project({s * 1.08, -.10}, .0)}, frame, line, .85);
  }
  const auto middle = [&](double x, double y) { return sitter.pose.project({x, y}, .46); };
  canvas.stroke(smooth(Curve{middle(-.165, -.08), middle(0, -.13), middle(.165, -.08)}, 5), frame, line, .9);
}

}  // namespace palimpsest::data::drawn
