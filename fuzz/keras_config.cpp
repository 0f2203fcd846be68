#include "nn/keras_config.h"

#include "fuzz/harness.h"

void palimpsest::fuzz::target(std::string_view bytes) {
  const nn::KerasConfiguration configuration = nn::read_keras_configuration(bytes);
  PALIMPSEST_REQUIRE(configuration.side >= 0, "{}", configuration.side);
}
