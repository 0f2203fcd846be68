#pragma once
#include "base/random.h"

namespace palimpsest::data::drawn {

struct Colour {
  double r = 0, g = 0, b = 0;  // sRGB, 0 to 1
};
inline Colour mix(Colour a, Colour b, double t) {
  return {a.r + t * (b.r - a.r), a.g + t * (b.g - a.g), a.b + t * (b.b - a.b)};
}
inline Colour scaled(Colour c, double k) {
  return {c.r * k, c.g * k, c.b * k};
}

enum class HairStyle { bald, cropped, side_parted, receding, curly, long_straight, bob, tied_back };

// One person. Lengths are in interpupillary distances; factors are 1 for the average face.
struct Identity {
  double face_width = 1, jaw_width = 1, chin_width = 1, chin_length = 1, cheekbones = 1;
  double eye_width = .27, eye_opening = 1, eye_tilt = 0, iris_radius = .118, lid_fold = 1;
  double brow_thickness = .075, brow_height = 0, brow_arch = 1, brow_tilt = 0;
  double nose_width = 1, nose_length = 1, bridge = 1;
  double mouth_width = .42, mouth_height = 0, upper_lip = 1, lower_lip = 1, resting_corner = 0;
  double age = .3;  // 0 young, 1 old: lines, grey hair, thinner lips
  bool feminine = false;
  bool glasses = false;
  double stubble = 0, freckles = 0, lashes = .5, blush = .5;
  Colour skin, hair, brow, iris, lip, clothes, frames;
  HairStyle style = HairStyle::cropped;
  double hair_volume = .16, hairline = -1.02, parting = .3;
  std::uint64_t pattern = 0;  // seeds freckles and strands of hair
};

// Person `index` of the people drawn with this seed.
Identity random_identity(std::uint64_t seed, std::uint64_t index);

}  // namespace palimpsest::data::drawn
