// train --l2-sp and --rehearse: what they need, and that a run with them goes on as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

using testing::HasSubstr;

class Retention : public ToyModel {
 protected:
  Outcome train(const std::string& out, const std::vector<std::string>& more) const {
    std::vector<std::string> all{"train", "--data", "arrays:x.npy,y.npy", "--batch", "2", "--out", out};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  std::vector<std::string> with_init(std::vector<std::string> more) const {
    more.insert(more.end(), {"--init", "W.safetensors", "--head-init", "fresh"});
    return more;
  }
};

TEST_F(Retention, IsRecordedAndGoesOn) {
  const std::vector<std::string> both =
      with_init({"--l2-sp", "0.5", "--rehearse", "arrays:x.npy,y.npy", "--rehearse-images", "3", "--momentum", "0.9"});
  const auto epochs = [&](const char* count) {
    auto all = both;
    all.insert(all.end(), {"--epochs", count});
    return all;
  };
  const Outcome first = train("short", epochs("1"));
  ASSERT_EQ(first.status, 0) << first.errors;
  EXPECT_THAT(first.errors,
              HasSubstr("Rehearsing in each step: 3 of 4 images of arrays:x.npy,y.npy, with the 2 classes"));
  const std::string config = read_file(folder / "short/config.toml");
  EXPECT_THAT(config, HasSubstr("l2-sp = 0.5"));
  EXPECT_THAT(config, HasSubstr("rehearse = 'arrays:x.npy,y.npy'"));
  EXPECT_THAT(config, HasSubstr("rehearse-images = 3"));
  ASSERT_EQ(train("short", epochs("3")).status, 0);
  ASSERT_EQ(train("whole", epochs("3")).status, 0);
  EXPECT_EQ(read_file(folder / "short/weights.safetensors"), read_file(folder / "whole/weights.safetensors"));
  EXPECT_THAT(read_file(folder / "whole/metrics.jsonl"), HasSubstr("rehearsed_loss"));

  auto other = epochs("4");
  other[1] = "0.25";
  expect_refused(train("short", other), {"short was started with other options", "l2-sp = 0.5", "l2-sp = 0.25"});
  const std::vector<std::int64_t> labels{1, 0, 0, 1};
  write_npy(folder / "z.npy", labels, std::vector<std::int64_t>{4});
  other = epochs("4");
  other[3] = "arrays:x.npy,z.npy";
  expect_refused(train("short", other), {"short was started with other options", "rehearse"});
  fs::copy_file(folder / "whole/weights.safetensors", folder / "W.safetensors", fs::copy_options::overwrite_existing);
  expect_refused(train("short", epochs("4")), {"content of --init"});
}

TEST_F(Retention, SaysThatTheRehearsedHeadIsGone) {
  const auto options = [&](const char* count) {
    return with_init({"--rehearse", "arrays:x.npy,y.npy", "--rehearse-images", "2", "--epochs", count});
  };
  ASSERT_EQ(train("short", options("1")).status, 0);
  ASSERT_TRUE(fs::remove(folder / "short/momentum-1.safetensors"));
  EXPECT_THAT(train("short", options("2")).errors, HasSubstr("the head rehearsed with was not saved"));
}

TEST_F(Retention, RefusesWhatHasNoMeaning) {
  const std::string data = "arrays:x.npy,y.npy";
  expect_refused(train("r", {"--l2-sp", "0.1"}), {"--l2-sp", "--init"});
  expect_refused(train("r", {"--rehearse", data}), {"--rehearse", "--init"});
  expect_refused(train("r", with_init({"--rehearse-images", "2"})), {"--rehearse-images has no effect"});
  expect_refused(train("r", with_init({"--l2-sp", "0.1", "--freeze", "5"})), {"--l2-sp holds nothing"});
  expect_refused(train("r", with_init({"--rehearse", data, "--freeze", "5"})), {"--rehearse has no effect", "frozen"});
  expect_refused(train("r", with_init({"--rehearse", data, "--rehearse-images", "5"})),
                 {"--rehearse-images 5", "4 images"});
  expect_refused(train("r", with_init({"--rehearse", "arrays:x.npy"})), {"arrays:x.npy", "labels"});
  write_npy(folder / "y3.npy", std::vector<std::int64_t>{0, 1, 2, 1}, std::vector<std::int64_t>{4});
  expect_refused(train("r", with_init({"--rehearse", "arrays:x.npy,y3.npy"})), {"y3.npy", "2"});
}

}  // namespace
}  // namespace palimpsest
