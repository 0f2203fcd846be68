#include <algorithm>
#include <numbers>

#include "data/drawn/paint.h"

namespace palimpsest::data::drawn {

namespace {

using enum HairStyle;

double volume_of(const Identity& face) {
  switch (face.style) {
    case cropped:
      return .04 + .2 * face.hair_volume;
    case receding:
      return .05;
    case curly:
      return .12 + face.hair_volume;
    case tied_back:
      return .06;
    default:
      return .04 + .7 * face.hair_volume;
  }
}

// The hairline from the right ear over the forehead to the left ear, in face space.
Curve hairline_of(const Identity& face) {
  const double w = face.face_width, y = face.hairline;
  switch (face.style) {
    case receding:
      return {{1.07 * w, -.10}, {1.0 * w, -.50}, {.90, -.98},  {.62, -1.28},     {.25, -1.12},     {0, -1.10},
              {-.25, -1.12},    {-.62, -1.28},   {-.90, -.98}, {-1.0 * w, -.50}, {-1.07 * w, -.10}};
    case long_straight:
    case bob: {  // a curtain that falls to both sides of the parting
      const double p = face.parting;
      return {{1.04 * w, .10},      {1.0 * w, -.35}, {.84, -.72},      {.5 + .3 * p, -.98}, {p, y - .16},
              {-.5 + .3 * p, -.98}, {-.84, -.72},    {-1.0 * w, -.35}, {-1.04 * w, .10}};
    }
    case side_parted: {  // swept from the parting across the forehead
      const double p = face.parting > 0 ? 1 : -1, high = y - .12;
      Curve curve = {{1.08 * w, .08},   {1.03 * w, -.35},  {.93, -.72},     {.72, high + .10},
                     {.48, high - .02}, {.1, high + .03},  {-.35, y + .02}, {-.72, -.93},
                     {-.95, -.66},      {-1.03 * w, -.35}, {-1.08 * w, .08}};
      if (p < 0) {
        for (Point& point : curve) point.x = -point.x;
        std::reverse(curve.begin(), curve.end());
      }
      return curve;
    }
    default:
      return {{1.08 * w, .12}, {1.03 * w, -.30}, {.96, -.66},  {.74, -.94},       {.38, y - .02},  {0, y},
              {-.38, y - .02}, {-.74, -.94},     {-.96, -.66}, {-1.03 * w, -.30}, {-1.08 * w, .12}};
  }
}

// The outside of the hair, right ear to left ear.
Curve outside_of(const Identity& face) {
  const double grown = volume_of(face), w = face.face_width;
  constexpr Point half[] = {{1.09, .12},  {1.10, -.20}, {1.08, -.55}, {1.01, -.86},
                            {.85, -1.17}, {.57, -1.42}, {.28, -1.54}, {0, -1.575}};
  Curve curve;
  const auto grow = [&](Point p) {
    const double k = grown * std::clamp((.35 - p.y) / .6, 0.0, 1.0);
    return Point{p.x * w * (1 + k), -.3 + (p.y + .3) * (1 + (p.y < -.3 ? k : 0))};
  };
  for (Point p : half) curve.push_back(grow(p));
  for (int i = 6; i >= 0; --i) curve.push_back(grow({-half[i].x, half[i].y}));
  return curve;
}

Curve curled(const Curve& line, double size, Random& random) {
  Curve curve;
  const Point middle{0, -.3};
  for (std::size_t i = 0; i < line.size(); ++i) {
    const Point out = line[i] - middle;
    curve.push_back(line[i] + (random.uniform(.2, 1) * (i % 2 ? size : -.4 * size) / std::max(length(out), .1)) * out);
  }
  return curve;
}

// Strands from the hairline over the crown, clipped to the hair; alternately light and dark.
void paint_strands(const Canvas& canvas, const Sitter& sitter, const Curve& front, const Curve& back) {
  Random random(sitter.face.pattern, Purpose::draw_identity, 3);
  const double sweep = sitter.face.style == side_parted ? .16 * (sitter.face.parting > 0 ? 1 : -1) : 0;
  const bool curls = sitter.face.style == curly;
  for (int i = 0; i < 44; ++i) {
    const double t = (i + random.uniform()) / 44, bend = random.uniform(-.03, .03);
    Curve strand;
    for (double v : {-.02, .25, .5, .75, 1.0}) {
      const double wave = curls ? .05 * std::sin(9 * v + i) : 0;
      strand.push_back(
          mix(at(front, t + sweep * (1 - v) * .6 + wave), at(back, t - sweep * v * .4 + bend * v + wave), v));
    }
    const bool light = random.chance(.5);
    const Colour c = light ? mix(sitter.face.hair, {1, .95, .85}, .30) : scaled(sitter.face.hair, .50);
    canvas.fill(tapered(sitter.pose(smooth(strand, 3)), sitter.px(random.uniform(.02, .05))), c, light ? .38 : .45);
  }
}

void paint_panels(const Canvas& canvas, const Sitter& sitter, double bottom) {
  Random random(sitter.face.pattern, Purpose::draw_identity, 4);
  const double w = sitter.face.face_width, out = .10 + volume_of(sitter.face);
  for (int side : {0, 1}) {
    const double s = sign_of(side);
    const auto place = [&](double x, double y) { return sitter.pose.project({s * w * x, y}, -.05); };
    const double wave = random.uniform(-.05, .05);
    const Curve panel = smooth(Curve{place(.97, -.55), place(1.06, -.1), place(1.02 + wave, .5), place(1.0, 1.0),
                                     place(.98 + wave, bottom - .1), place(1.1, bottom), place(1.2 + out, bottom - .12),
                                     place(1.16 + out, .7), place(1.10 + out, .0), place(1.06 + out * .8, -.6)},
                               4, true);
    canvas.fill_between(panel, place(.98, 0), scaled(sitter.face.hair, .68), place(1.15 + out, 0),
                        scaled(sitter.face.hair, .98));
    for (int i = 0; i < 9; ++i) {
      const double x = 1.02 + (out + .12) * (i + random.uniform()) / 9.5;
      const Curve strand =
          smooth(Curve{place(x - .02, -.5), place(x + .03, .2), place(x - .01, .8), place(x + .02, bottom - .12)}, 4);
      const bool light = random.chance(.5);
      canvas.fill(tapered(strand, sitter.px(.035)),
                  light ? mix(sitter.face.hair, {1, .95, .85}, .28) : scaled(sitter.face.hair, .5), .4);
    }
  }
}

double hair_end(HairStyle style) {
  return style == long_straight ? 2.6 : 1.45;
}

}  // namespace

void paint_hair_behind(const Canvas& canvas, const Sitter& sitter) {
  const Identity& face = sitter.face;
  const Colour dark = scaled(face.hair, .50);
  const auto place = [&](double x, double y) { return sitter.pose.project({x * face.face_width, y}, -.5); };
  const double v = volume_of(face);
  if (face.style == long_straight || face.style == bob) {
    const double y = hair_end(face.style), out = 1.22 + v;
    canvas.fill(
        smooth(Curve{place(-1.05, -.9), place(-out, 0), place(-out - .06, y * .6), place(-out + .04, y),
                     place(out - .04, y), place(out + .06, y * .6), place(out, 0), place(1.05, -.9), place(0, -1.4)},
               4, true),
        dark);
  } else if (face.style == curly) {
    Random random(face.pattern, Purpose::draw_identity, 5);
    const double y = face.feminine ? 1.2 : .35;
    Curve ring;
    for (int i = 0; i < 22; ++i) {
      const double a = 2 * std::numbers::pi * i / 22;
      ring.push_back({(1.18 + v) * std::cos(a), -.4 + (std::sin(a) > 0 ? y + .4 : 1.2 + v) * std::sin(a)});
    }
    ring = curled(ring, .06, random);
    for (Point& p : ring) p = place(p.x, p.y);
    canvas.fill(smooth(ring, 4, true), dark);
  } else if (face.style == tied_back) {
    canvas.ellipse(place(face.parting * .3, -1.66), {sitter.px(.40), sitter.px(.30)}, sitter.pose.roll(),
                   scaled(face.hair, .75));
  }
}

void paint_hair(const Canvas& canvas, const Sitter& sitter) {
  const Identity& face = sitter.face;
  if (face.style == bald) return;
  Random random(face.pattern, Purpose::draw_identity, 6);
  const Curve front = smooth(hairline_of(face), 4);
  Curve back = smooth(outside_of(face), 3);
  if (face.style == curly) back = smooth(curled(back, .045, random), 2);
  const auto depth_of = [&](Point p) { return std::min(Pose::depth(p), .1); };
  Curve outline;
  for (Point p : front) outline.push_back(sitter.pose.project(p, depth_of(p)));
  for (Point p : reversed(back)) outline.push_back(sitter.pose.project(p, -.1));
  // A soft shadow on the forehead first, then the hair itself.
  Curve edge(outline.begin(), outline.begin() + std::ptrdiff_t(front.size()));
  canvas.stroke(edge, sitter.shadow(), sitter.px(.09), .16);
  canvas.stroke(edge, sitter.shadow(), sitter.px(.05), .22);
  if (face.style == long_straight || face.style == bob) paint_panels(canvas, sitter, hair_end(face.style));
  const double lit = sitter.scene.light[0] < 0 ? -1 : 1;
  canvas.fill_between(outline, sitter.pose({lit * .5, -1.5}), mix(face.hair, {1, .95, .85}, .10),
                      sitter.pose({-lit * .9, -.3}), scaled(face.hair, .70));
  cairo_save(canvas.cr());
  canvas.path(outline);
  cairo_clip(canvas.cr());
  paint_strands(canvas, sitter, front, back);
  Curve sheen;
  for (double t : {.30, .38, .5, .62, .70}) sheen.push_back(sitter.pose(mix(at(front, t), at(back, t), .55)));
  canvas.fill(tapered(smooth(sheen, 4), sitter.px(.14)), mix(face.hair, {1, .97, .9}, .5), .22);
  cairo_restore(canvas.cr());
}

}  // namespace palimpsest::data::drawn
