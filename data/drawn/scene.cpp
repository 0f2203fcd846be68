#include "data/drawn/scene.h"

#include <algorithm>
#include <cmath>

namespace palimpsest::data::drawn {

namespace {

Colour any_colour(Random& random, double low, double high) {
  const double grey = random.uniform(low, high);
  const auto channel = [&] { return std::clamp(grey + random.uniform(-.16, .16), .03, .97); };
  return {channel(), channel(), channel()};
}

}  // namespace

Scene random_scene(std::uint64_t seed, Setting setting, std::uint64_t index, std::uint32_t frame) {
  Random random(seed, Purpose::draw_scene, 0, index), moving(seed, Purpose::draw_noise, frame, index);
  const double wild = setting == Setting::in_the_wild ? 1 : .45;
  const auto normal = [](Random& r, double spread) { return spread * std::clamp(r.normal(), -2.0, 2.0); };
  Scene scene;
  scene.yaw = normal(random, .15 * wild) + normal(moving, .012);
  scene.pitch = normal(random, .07 * wild) + normal(moving, .008);
  scene.roll = normal(random, .08 * wild) + normal(moving, .008);
  scene.zoom = 1 + normal(random, .035);
  scene.shift = {normal(random, .05) + normal(moving, .008), normal(random, .04) + normal(moving, .008)};
  const double azimuth = random.uniform(-1.0, 1.0), height = random.uniform(.15, .75);
  scene.light = {std::sin(azimuth), -height, std::cos(azimuth) + .25};
  scene.ambient = random.uniform(.42, .60);
  scene.background_top = any_colour(random, .25, .8);
  scene.background_bottom = mix(scene.background_top, any_colour(random, .15, .7), random.uniform(.3, 1));
  scene.blobs = setting == Setting::in_the_wild ? random.below(7) : 0;
  scene.exposure = 1 + normal(random, .07 * wild);
  scene.contrast = 1 + normal(random, .07 * wild);
  scene.warmth = normal(random, .03 * wild);
  scene.noise = setting == Setting::in_the_wild ? random.uniform(.5, 5) : 1.2;
  scene.blur = setting == Setting::in_the_wild && random.chance(.3) ? random.uniform(.2, .6) : 0;
  scene.pattern = (std::uint64_t{random.bits()} << 32) + moving.bits();
  return scene;
}

}  // namespace palimpsest::data::drawn
