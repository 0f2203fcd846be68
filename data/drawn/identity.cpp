#include "data/drawn/identity.h"

#include <algorithm>
#include <array>

namespace palimpsest::data::drawn {

namespace {

// Seven stops from the lightest to the darkest skin.
Colour skin_tone(double t, Random& random) {
  constexpr std::array<Colour, 7> stops{{{.985, .865, .785},
                                         {.965, .815, .705},
                                         {.905, .735, .600},
                                         {.815, .630, .485},
                                         {.690, .500, .370},
                                         {.545, .375, .270},
                                         {.420, .285, .210}}};
  const double place = std::clamp(t, 0.0, .999) * 6;
  const auto i = std::size_t(place);
  Colour skin = mix(stops[i], stops[i + 1], place - double(i));
  const double warmth = random.uniform(-.02, .02);
  return {skin.r, skin.g + warmth, skin.b + 1.4 * warmth};
}

Colour hair_tone(double skin, double age, Random& random) {
  constexpr std::array<Colour, 7> tones{{{.10, .075, .07},
                                         {.17, .11, .085},
                                         {.29, .185, .12},
                                         {.43, .28, .165},
                                         {.60, .34, .17},
                                         {.74, .56, .33},
                                         {.87, .72, .47}}};
  const std::uint32_t choices = skin > .62 ? 2 : skin > .42 ? 3 : 7;
  Colour hair = tones[random.below(choices)];
  if (age > .55 && random.chance((age - .45) * 1.5)) hair = mix(hair, {.80, .80, .79}, random.uniform(.5, .95));
  return hair;
}

Colour iris_tone(double skin, Random& random) {
  constexpr std::array<Colour, 5> tones{
      {{.25, .14, .08}, {.38, .23, .11}, {.30, .42, .22}, {.27, .46, .62}, {.42, .50, .54}}};
  return tones[random.below(skin > .5 ? 2 : 5)];
}

void draw_colours(Identity& face, Random& random) {
  const double tone = random.chance(.6) ? random.uniform(0, .5) : random.uniform(.3, 1);
  face.skin = skin_tone(tone, random);
  face.hair = hair_tone(tone, face.age, random);
  face.brow = mix(scaled(face.hair, .78), {.12, .08, .06}, .25);
  face.iris = iris_tone(tone, random);
  const Colour natural = {face.skin.r * .87, face.skin.g * .58, face.skin.b * .60};
  const Colour painted = {random.uniform(.62, .80), random.uniform(.16, .30), random.uniform(.20, .34)};
  face.lip = mix(natural, painted, face.feminine ? random.uniform(.1, .6) : random.uniform(0, .12));
  constexpr std::array<Colour, 8> cloth{{{.20, .27, .38},
                                         {.52, .18, .20},
                                         {.24, .36, .30},
                                         {.80, .78, .74},
                                         {.16, .16, .18},
                                         {.42, .46, .56},
                                         {.70, .55, .30},
                                         {.44, .30, .46}}};
  face.clothes = cloth[random.below(8)];
  face.frames = random.chance(.6) ? Colour{.12, .11, .12} : Colour{.36, .22, .14};
}

HairStyle draw_style(bool feminine, double age, Random& random) {
  using enum HairStyle;
  constexpr std::array<HairStyle, 8> women{long_straight, long_straight, bob,   bob,
                                           tied_back,     tied_back,     curly, side_parted};
  constexpr std::array<HairStyle, 6> men{cropped, cropped, side_parted, side_parted, curly, receding};
  if (feminine) return women[random.below(8)];
  if (random.chance(.08 + .15 * age)) return bald;
  if (random.chance(.25 * age)) return receding;
  return men[random.below(age < .4 ? 5 : 6)];
}

}  // namespace

Identity random_identity(std::uint64_t seed, std::uint64_t index) {
  Random random(seed, Purpose::draw_identity, 0, index);
  const auto vary = [&](double mean, double spread) { return mean + spread * std::clamp(random.normal(), -2.0, 2.0); };
  Identity face;
  face.feminine = random.chance(.5);
  face.age = random.uniform() * random.uniform(.5, 1);
  const double f = face.feminine ? 1 : 0;
  face.face_width = vary(1 - .02 * f, .03);
  face.jaw_width = vary(1.01 - .05 * f, .035);
  face.chin_width = vary(1.02 - .10 * f, .08);
  face.chin_length = vary(1 - .03 * f, .03);
  face.cheekbones = vary(1, .015);
  face.eye_width = vary(.272 + .012 * f, .010);
  face.eye_opening = vary(1.0 + .06 * f, .06);
  face.eye_tilt = vary(.05, .06);
  face.iris_radius = vary(.120, .004);
  face.lid_fold = random.uniform(.35, 1);
  face.brow_thickness = vary(.088 - .022 * f, .010);
  face.brow_height = vary(-.02 * f, .018);
  face.brow_arch = vary(.8 + .35 * f, .25);
  face.brow_tilt = vary(0, .018);
  face.nose_width = vary(1.02 - .08 * f, .08);
  face.nose_length = vary(1, .035);
  face.bridge = vary(1, .2);
  face.mouth_width = vary(.42, .018);
  face.mouth_height = vary(0, .015);
  face.upper_lip = vary(.92 + .12 * f, .10) - .15 * face.age;
  face.lower_lip = vary(.95 + .10 * f, .10) - .10 * face.age;
  face.resting_corner = vary(.014, .009);
  face.glasses = random.chance(.10);
  face.stubble = !face.feminine && random.chance(.35) ? random.uniform(.15, .55) : 0;
  face.freckles = random.chance(.08) ? random.uniform(.3, .8) : 0;
  face.lashes = random.uniform(.2, .5) + .4 * f;
  face.blush = random.uniform(.2, .7);
  draw_colours(face, random);
  face.style = draw_style(face.feminine, face.age, random);
  face.hair_volume = random.uniform(.11, .20);
  face.hairline = vary(-1.03, .03);
  face.parting = random.uniform(.15, .5) * (random.chance(.5) ? 1 : -1);
  face.pattern = (std::uint64_t{random.bits()} << 32) | random.bits();
  return face;
}

}  // namespace palimpsest::data::drawn
