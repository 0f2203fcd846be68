#include "experiments/settings/toml.h"
#include "experiments/train.h"
#include "fuzz/harness.h"

namespace palimpsest {

// The config.toml of a run: what is read gives a text that reads back as the same text.
void fuzz::target(std::string_view bytes) {
  using namespace experiments;
  const std::string text(bytes);
  TrainCommand command;
  command.out = "RUN";
  read_toml(text, "config.toml", fields_of(command));
  settle(command, {});
  const std::string written = train_config_text(command);
  TrainCommand again;
  again.out = "RUN";
  read_toml(written, "config.toml", fields_of(again));
  PALIMPSEST_REQUIRE(train_config_text(again) == written, "{}", written);
  PALIMPSEST_REQUIRE(difference_of_runs(written, written, "config.toml").empty(), "{}", written);
  difference_of_runs(text, written, "config.toml");
}

}  // namespace palimpsest
