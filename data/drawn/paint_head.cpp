#include <algorithm>
#include <numbers>

#include "data/drawn/paint.h"

namespace palimpsest::data::drawn {

void paint_background(const Canvas& canvas, const Scene& scene) {
  const double w = canvas.width(), h = canvas.height();
  canvas.fill_between({{0, 0}, {w, 0}, {w, h}, {0, h}}, {.2 * w, 0}, scene.background_top, {.8 * w, h},
                      scene.background_bottom);
  Random random(scene.pattern, Purpose::draw_scene, 1);
  for (std::uint32_t i = 0; i < scene.blobs; ++i) {
    const Colour base = random.chance(.5) ? scene.background_top : scene.background_bottom;
    const double k = random.uniform(.55, 1.5), radius = random.uniform(.12, .45) * h;
    const Colour c{std::min(1.0, base.r * k), std::min(1.0, base.g * k), std::min(1.0, base.b * k)};
    canvas.glow({random.uniform() * w, random.uniform() * h}, {radius, radius}, 0, c, random.uniform(.4, .9));
  }
}

namespace {

// Right half of the cranium from the ear up to the crown, and on to the other ear.
Curve cranium(double width, double grown) {
  constexpr Point half[] = {{1.085, -.28}, {1.07, -.55}, {1.0, -.86}, {.84, -1.16},
                            {.56, -1.40},  {.28, -1.52}, {0, -1.555}};
  Curve curve;
  const auto grow = [&](Point p) { return Point{p.x * width * (1 + grown), -.3 + (p.y + .3) * (1 + grown)}; };
  for (Point p : half) curve.push_back(grow(p));
  for (int i = 5; i >= 0; --i) curve.push_back(grow({-half[i].x, half[i].y}));
  return curve;
}

void paint_ear(const Canvas& canvas, const Sitter& sitter, int side) {
  const double s = sign_of(side), w = sitter.face.face_width;
  const auto place = [&](double x, double y) { return sitter.pose.project({s * w * x, y}, -.32); };
  const Curve ear = smooth(Curve{place(1.02, -.16), place(1.12, -.24), place(1.215, -.14), place(1.20, .12),
                                 place(1.13, .34), place(1.05, .46), place(1.0, .36)},
                           5, true);
  canvas.fill_between(ear, place(1.0, 0), scaled(sitter.face.skin, .66), place(1.2, 0), scaled(sitter.face.skin, .86));
  const Curve helix = smooth(Curve{place(1.06, -.10), place(1.14, -.13), place(1.165, .02), place(1.11, .22)}, 5);
  canvas.stroke(helix, sitter.shadow(), sitter.px(.028), .5);
}

void paint_neck(const Canvas& canvas, const Sitter& sitter) {
  const double y = sitter.shape.chin().y - .5, bottom = 4.2;
  const auto place = [&](double x, double at_y) { return sitter.pose.project({x, at_y}, -.35); };
  const double w = sitter.face.feminine ? .60 : .72;
  const Curve neck = smooth(Curve{place(-w, .9), place(-w + .02, y + .5), place(-w - .06, y + .95), place(-1.3, bottom),
                                  place(1.3, bottom), place(w + .06, y + .95), place(w - .02, y + .5), place(w, .9)},
                            4, true);
  const Colour lit = scaled(sitter.face.skin, .88);
  const Colour dark{lit.r * .66, lit.g * .58, lit.b * .55};
  canvas.fill_between(neck, place(0, y + .50), dark, place(0, y + 1.05), lit);
  const double top = y + 1.02;
  const Curve shirt =
      smooth(Curve{place(-2.7, bottom), place(-2.2, top + .75), place(-1.2, top + .33), place(-.70, top + .05),
                   place(-.42, top + .42), place(0, top + .60), place(.42, top + .42), place(.70, top + .05),
                   place(1.2, top + .33), place(2.2, top + .75), place(2.7, bottom)},
             5);
  canvas.fill_between(shirt, place(0, top), scaled(sitter.face.clothes, 1.0), place(0, top + 1.6),
                      scaled(sitter.face.clothes, .6));
  canvas.stroke(smooth(Curve{place(-.70, top + .05), place(-.42, top + .42), place(0, top + .60), place(.42, top + .42),
                             place(.70, top + .05)},
                       5),
                scaled(sitter.face.clothes, .7), sitter.px(.05), .9);
}

void paint_stubble(const Canvas& canvas, const Sitter& sitter) {
  const Shape& shape = sitter.shape;
  const double amount = sitter.face.stubble;
  const Colour c = mix(sitter.face.brow, sitter.face.skin, .25);
  const double y = shape.mouth_line + shape.jaw_drop;
  const auto spot = [&](Point centre, Point radius, double alpha) {
    canvas.glow(sitter.pose(centre), {sitter.px(radius.x), sitter.px(radius.y)}, sitter.pose.roll(), c, alpha * amount);
  };
  spot({0, y + .42}, {.75, .48}, .75);
  spot({0, shape.mouth_line - .19}, {.50, .16}, .8);
  for (double s : {-1.0, 1.0}) spot({s * .80, .95}, {.42, .65}, .7);
}

void paint_freckles(const Canvas& canvas, const Sitter& sitter) {
  Random random(sitter.face.pattern, Purpose::draw_identity, 1);
  for (int i = 0; i < 46; ++i) {
    const Point p{random.uniform(-.85, .85), .42 + .22 * random.normal()};
    const double r = sitter.px(random.uniform(.010, .020));
    canvas.ellipse(sitter.pose(p), {r, r}, 0, sitter.shadow(), .35 * sitter.face.freckles);
  }
}

// Warm and dark tints: cheeks, tip of the nose, sockets, closed lids.
void paint_tints(const Canvas& canvas, const Sitter& sitter) {
  const Identity& face = sitter.face;
  const Colour flush{std::min(1.0, face.skin.r * 1.0), face.skin.g * .66, face.skin.b * .64};
  const auto spot = [&](Point centre, Point radius, Colour c, double alpha) {
    canvas.glow(sitter.pose(centre), {sitter.px(radius.x), sitter.px(radius.y)}, sitter.pose.roll(), c, alpha);
  };
  for (int side : {0, 1}) {
    const double s = sign_of(side);
    spot({s * .66, .55}, {.46, .36}, flush, .55 * face.blush);
    spot({s * .48, -.12}, {.36, .20}, scaled(flush, .72), .30);
    const Curve &top = sitter.shape[upper_lid(side)], &fold = sitter.shape[crease(side)];
    canvas.fill(sitter.pose(smooth(fold, 3) + reversed(smooth(top, 3))), scaled(flush, .84), .24);
  }
  spot(sitter.shape.nose_tip(), {.22, .18}, flush, .25);
}

}  // namespace

Curve head_outline(const Sitter& sitter, double grown) {
  const Curve& line = sitter.shape[jaw];
  Curve control(line.begin(), line.end());
  return sitter.pose(smooth(control + cranium(sitter.face.face_width, grown), 4, true));
}

void paint_skin(const Canvas& canvas, const Canvas& mask, const Sitter& sitter) {
  const Curve outline = head_outline(sitter);
  canvas.fill(outline, sitter.face.skin);
  mask.fill(outline, {}, 1);
  cairo_save(canvas.cr());
  canvas.path(outline);
  cairo_clip(canvas.cr());
  paint_tints(canvas, sitter);
  if (sitter.face.stubble > 0) paint_stubble(canvas, sitter);
  if (sitter.face.freckles > 0) paint_freckles(canvas, sitter);
  cairo_restore(canvas.cr());
}

void paint_hair_behind(const Canvas& canvas, const Sitter& sitter);  // paint_hair.cpp

void paint_behind(const Canvas& canvas, const Sitter& sitter) {
  paint_hair_behind(canvas, sitter);
  paint_neck(canvas, sitter);
  for (int side : {0, 1}) paint_ear(canvas, sitter, side);
}

}  // namespace palimpsest::data::drawn
