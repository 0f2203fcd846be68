#include "base/class_names.h"

#include "fuzz/harness.h"

// Names read from a file match themselves.
void palimpsest::fuzz::target(std::string_view bytes) {
  const auto names = class_names_from({"@" + as_file(bytes).string()}, "--class-names");
  const ClassMap map = match_classes(names, names, "--class-names");
  PALIMPSEST_REQUIRE(map.identity(names.size()), "identity");
}
