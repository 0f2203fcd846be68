#include "data/orientation.h"
#include "fuzz/harness.h"

// A picture turned as a file says has the same pixels, its sides swapped or not.
void palimpsest::fuzz::target(std::string_view bytes) {
  const int orientation = data::exif_orientation(bytes);
  PALIMPSEST_REQUIRE(orientation >= 1 && orientation <= 8, "{}", orientation);
  const data::Image turned = data::oriented(data::Image(3, 2), orientation);
  PALIMPSEST_REQUIRE(turned.width == (orientation < 5 ? 3 : 2) && turned.pixels.size() == 18, "{}", orientation);
}
