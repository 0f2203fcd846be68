#include "data/picture_cache.h"
#include "fuzz/harness.h"

// A cache of two pictures of 4 x 4; the key is in its trailer.
void palimpsest::fuzz::target(std::string_view bytes) {
  std::string damage;
  const auto cache = data::open_cache(as_file(bytes), 1, 2, 4, damage);
  PALIMPSEST_REQUIRE(!cache || damage.empty(), "{}", damage);
}
