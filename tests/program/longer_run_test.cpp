// A run with more epochs, or with the same options spelled differently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

using testing::HasSubstr;
using testing::Not;

class LongerRun : public ToyModel {
 protected:
  Outcome train(const std::string& out, const std::vector<std::string>& more) const {
    std::vector<std::string> all{"train", "--data", "arrays:x.npy,y.npy", "--init", "W.safetensors", "--batch", "2",
                                 "--out", out};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  std::string weights(const std::string& run) const { return read_file(folder / run / "weights.safetensors"); }
};

TEST_F(LongerRun, GoesOnWithItsMomentum) {
  ASSERT_EQ(train("short", {"--momentum", "0.9", "--epochs", "1"}).status, 0);
  const Outcome more = train("short", {"--momentum", "0.9", "--epochs", "3"});
  EXPECT_EQ(more.status, 0) << more.errors;
  EXPECT_THAT(more.errors, HasSubstr("resuming after epoch 1"));
  ASSERT_EQ(train("whole", {"--momentum", "0.9", "--epochs", "3"}).status, 0);
  EXPECT_EQ(weights("short"), weights("whole"));
  EXPECT_EQ(read_file(folder / "short/metrics.jsonl"), read_file(folder / "whole/metrics.jsonl"));

  const Outcome again = train("short", {"--momentum", "0.9", "--epochs", "3"});
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.errors, HasSubstr("short is finished (3 epochs, 6 steps)"));
  expect_refused(train("short", {"--momentum", "0.9", "--epochs", "2"}), {"short", "epochs = 3", "epochs = 2"});
}

TEST_F(LongerRun, SaysThatTheMomentumIsGone) {
  ASSERT_EQ(train("short", {"--momentum", "0.9", "--epochs", "1"}).status, 0);
  ASSERT_TRUE(fs::remove(folder / "short/momentum-1.safetensors"));
  const Outcome more = train("short", {"--momentum", "0.9", "--epochs", "2"});
  EXPECT_EQ(more.status, 0);
  EXPECT_THAT(more.errors, HasSubstr("momentum was not saved"));
}

TEST_F(LongerRun, SaysThatTheScheduleWouldHaveDiffered) {
  ASSERT_EQ(train("short", {"--slow-epochs", "1", "--epochs", "2"}).status, 0);
  const Outcome more = train("short", {"--slow-epochs", "1", "--epochs", "4"});
  EXPECT_EQ(more.status, 0);
  EXPECT_THAT(more.errors, HasSubstr("epoch 2 was the slow end of a run of 2 epochs"));
  EXPECT_THAT(train("plain", {"--epochs", "1"}).errors, Not(HasSubstr("slow end")));
  EXPECT_THAT(train("plain", {"--epochs", "2"}).errors, Not(HasSubstr("slow end")));
}

TEST_F(LongerRun, AFinishedRunStaysWhatItWas) {
  const std::vector<std::string> few{"--steps", "2", "--epochs", "1"};
  ASSERT_EQ(train("r", few).status, 0);
  const std::string config = read_file(folder / "r/config.toml");
  const Outcome more = train("r", {"--steps", "2", "--epochs", "8"});
  EXPECT_THAT(more.errors, HasSubstr("is finished"));
  EXPECT_EQ(read_file(folder / "r/config.toml"), config);
  EXPECT_EQ(train("r", few).status, 0);
}

TEST_F(LongerRun, StepsBeyondTheEpochsAreSaid) {
  EXPECT_THAT(train("r", {"--epochs", "1", "--steps", "3"}).errors,
              HasSubstr("--steps 3 is more than the 2 steps of --epochs 1"));
}

// Files of the same name with other contents.
TEST_F(LongerRun, OtherContentIsRefused) {
  ASSERT_EQ(train("r", {"--epochs", "1"}).status, 0);
  write_npy(folder / "y.npy", std::vector<std::int64_t>{1, 1, 0, 0}, std::vector<std::int64_t>{4});
  expect_refused(train("r", {"--epochs", "2"}), {"r was started with other options", "content of the arrays"});
  write_npy(folder / "y.npy", std::vector<std::int64_t>{0, 1, 0, 1}, std::vector<std::int64_t>{4});
  fs::copy_file(folder / "r/weights.safetensors", folder / "W.safetensors", fs::copy_options::overwrite_existing);
  expect_refused(train("r", {"--epochs", "2"}), {"content of --init"});
}

TEST_F(LongerRun, OptionsAreComparedByValue) {
  ASSERT_EQ(train("r", {"--epochs", "1"}).status, 0);
  std::string config = read_file(folder / "r/config.toml");
  const auto at = config.find("\nmomentum = ");
  ASSERT_NE(at, std::string::npos);
  config.erase(at, config.find('\n', at + 1) - at);  // as a version wrote it that did not have this option
  write_unsynced(folder / "r/config.toml", config);
  const Outcome same = run({"train", "--data", "arrays:./x.npy,../" + folder.path().filename().string() + "/y.npy",
                            "--init", "./W.safetensors", "--batch", "2", "--out", "r", "--epochs", "2", "--lr", "1e-2",
                            "--momentum", "0", "--classes", "2", "--normalisation", "torchvision"});
  EXPECT_EQ(same.status, 0) << same.errors;
  expect_refused(train("r", {"--epochs", "2", "--momentum", "0.5"}), {"momentum = 0.0", "momentum = 0.5"});
  expect_refused(train("r", {"--epochs", "2", "--lr", "0.02"}), {"lr = 0.01", "lr = 0.02"});
}

}  // namespace
}  // namespace palimpsest
