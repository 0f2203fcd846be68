#include "data/set_files.h"
#include "fuzz/harness.h"

// The text files of UNBC and CK+.
void palimpsest::fuzz::target(std::string_view bytes) {
  const fs::path path = as_file(bytes);
  data::UnusedFiles unused;
  const auto points = data::read_points(path, 2, unused);
  PALIMPSEST_REQUIRE(points.empty() ? unused.count == 1 : points.size() == 2, "{} points", points.size());
  data::read_numbers(path);
}
