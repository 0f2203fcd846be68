#pragma once
#include <array>
#include <vector>

#include "data/drawn/curve.h"
#include "data/drawn/identity.h"

namespace palimpsest::data::drawn {

// Everything in a picture except the person and the expression.
struct Scene {
  double yaw = 0, pitch = 0, roll = 0;        // radians; yaw > 0 turns the nose to the right of the picture
  double zoom = 1;                            // 1: the shorter side of the picture is 3.3 interpupillary distances
  Point shift{0, 0};                          // of the face, in interpupillary distances
  std::array<double, 3> light{-.4, -.5, .8};  // towards the light: x right, y down, z to the camera; any length
  double ambient = .5;                        // 0 to 1
  Colour background_top, background_bottom;
  std::uint32_t blobs = 0;    // out-of-focus spots behind the person
  std::uint64_t pattern = 0;  // seeds the spots and the camera's noise
  double exposure = 1, contrast = 1, warmth = 0;
  double noise = 2;  // standard deviation in grey levels of 255
  double blur = 0;   // standard deviation in pixels of the picture
  bool grey = false;
};

enum class Setting { in_the_wild, laboratory };  // AffectNet; UNBC and CK+

// Scene `index` of the scenes drawn with this seed. A laboratory keeps its camera still: pictures with the same
// `index` share pose, light and background, and differ by `frame` in small head movements and in noise.
Scene random_scene(std::uint64_t seed, Setting setting, std::uint64_t index, std::uint32_t frame = 0);

}  // namespace palimpsest::data::drawn
