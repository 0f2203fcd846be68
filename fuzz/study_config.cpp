#include "experiments/study/config.h"
#include "fuzz/harness.h"

// A config that is read has a text for every value.
void palimpsest::fuzz::target(std::string_view bytes) {
  const auto config = experiments::parse_study_config(std::string(bytes), "study.toml");
  for (const auto& [key, value] : experiments::config_values(config)) PALIMPSEST_REQUIRE(!key.empty(), "{}", value);
}
