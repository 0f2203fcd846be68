// Configs damaged at random: a config or an Error that names the file, never a crash, never another exception.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/settings/toml.h"
#include "experiments/study/config.h"
#include "experiments/train.h"
#include "tests/support/damaged.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

template <typename Read>
int refused(const std::string& whole, std::uint32_t trials, const Read& read) {
  const TempFolder folder;
  const fs::path file = folder / "damaged.toml";
  int count = 0;
  for (std::uint32_t trial = 0; trial < trials; ++trial) {
    Random random(12, Purpose::test, 0, trial);
    fs::remove(file);
    write_unsynced(file, damaged(whole, random));
    try {
      read(file);
    } catch (const Error& error) {
      EXPECT_FALSE(error.remedy().empty()) << error.what();
      ++count;
    }
  }
  return count;
}

TEST(DamagedConfig, OfATraining) {
  TrainCommand command;
  command.data.source = data::parse_source("folder:x");
  command.out = "RUN";
  const int count = refused(train_config_text(command), 1500, [](const fs::path& file) {
    TrainCommand read;
    read.out = "RUN";
    read_toml(read_file(file), file.string(), fields_of(read));
    settle(read, {});
  });
  EXPECT_GT(count, 300);
  EXPECT_LT(count, 1500);
}

TEST(DamagedConfig, OfAStudy) {
  const std::string text = read_file(goldens() / "../../experiments/configs/paper.toml");
  const int count = refused(text, 1500, [](const fs::path& file) { read_study_config(file); });
  EXPECT_GT(count, 300);
  EXPECT_LT(count, 1500);
}

}  // namespace
}  // namespace palimpsest::experiments
