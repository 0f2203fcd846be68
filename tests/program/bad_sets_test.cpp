// Faulty data sets and configs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/image.h"
#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

class BadSets : public ToyModel {
 protected:
  void SetUp() override {
    ToyModel::SetUp();
    for (const char* name : {"set/cat", "set/dog"}) fs::create_directories(folder / name);
    for (int i = 0; i < 6; ++i)
      picture(std::string(i % 2 == 0 ? "set/cat/" : "set/dog/") + std::to_string(i) + ".png", 40 * i);
  }
  void picture(const fs::path& name, int shade) const {
    data::Image image(40, 40);
    std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t(shade));
    data::write_png(folder / name, image);
  }
  Outcome evaluate(const std::string& data, std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"evaluate", "--weights", "W.safetensors", "--data",        data,   "--part",
                                 "all",      "--crop",    "none",          "--predictions", "p.csv"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  Outcome train(const std::string& data, std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"train", "--data",  data, "--width", "0.125", "--hidden", "8", "--size",
                                 "32",    "--steps", "1",  "--crop",  "none",  "--out",    "r"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
};

TEST_F(BadSets, GoodOnesWork) {
  const Outcome outcome = evaluate("folder:set");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  const Outcome trained = train("folder:set");
  EXPECT_EQ(trained.status, 0) << trained.errors;
}

// A broken picture in a set is skipped, counted and listed.
TEST_F(BadSets, BrokenPicturesAreSkippedAndListed) {
  write_unsynced(folder / "set/cat/broken.png", "this is no picture");
  fs::create_symlink("gone.png", folder / "set/dog/link.png");
  const std::string whole = read_file(folder / "set/dog/5.png");
  write_unsynced(folder / "set/dog/short.png", whole.substr(0, whole.size() / 2));
  const Outcome outcome = train("folder:set");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, testing::ContainsRegex("skipped|left out"));
  ASSERT_TRUE(fs::exists(folder / "r/skipped.csv"));
  const std::string list = read_file(folder / "r/skipped.csv");
  EXPECT_THAT(list, testing::HasSubstr("broken.png"));
  EXPECT_THAT(list, testing::HasSubstr("short.png"));
  EXPECT_THAT(list, testing::HasSubstr("link.png"));
  fs::remove_all(folder / "r");
  EXPECT_EQ(train("folder:set", {"--quiet"}).errors, "") << "skipped pictures are a remark, too";
}

TEST_F(BadSets, NothingButBrokenPictures) {
  for (int i = 0; i < 6; ++i)
    write_unsynced(folder / ("set/" + std::string(i % 2 == 0 ? "cat/" : "dog/") + std::to_string(i) + ".png"),
                   "broken");
  expect_refused(evaluate("folder:set"), {"set"});
}

TEST_F(BadSets, EmptyClass) {
  fs::create_directory(folder / "set/fish");
  expect_refused(train("folder:set"), {"fish", "it is empty"});
  const Outcome outcome = evaluate("folder:set", {"--class-names", "cat,dog"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, testing::HasSubstr("the class folder has no picture: it is empty (fish)"));
}

TEST_F(BadSets, WhatIsReadIsNotOverwritten) {
  const std::string weights = read_file(folder / "W.safetensors");
  expect_refused(evaluate("folder:set", {"--out", "./p.csv"}), {"--predictions and --out", "p.csv"});
  expect_refused(run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--logits", "x.npy"}),
                 {"--data and --logits", "x.npy"});
  expect_refused(evaluate("folder:set", {"--out", "W.safetensors"}), {"--weights and --out", "W.safetensors"});
  EXPECT_EQ(read_file(folder / "W.safetensors"), weights);
}

// Neither stops the writing of weights and metrics, which hold the names of the classes.
TEST_F(BadSets, ClassNamesInOtherEncodings) {
  fs::rename(folder / "set/cat", folder / "set/c\xE4t");
  const Outcome trained = train("folder:set");
  EXPECT_EQ(trained.status, 0) << trained.errors;
  const Outcome outcome = evaluate("folder:set", {"--out", "e.json"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  fs::rename(folder / "set/dog", folder / "set/dog, large");
  expect_refused(train("folder:set"), {"dog, large", "comma"});
}

TEST_F(BadSets, UnknownClass) {
  expect_refused(train("folder:set", {"--drop-classes", "unicorn"}), {"unicorn"});
}

TEST_F(BadSets, EmptyFolder) {
  fs::create_directory(folder / "nothing");
  expect_refused(evaluate("folder:nothing"), {"nothing"});
  expect_refused(evaluate("affectnet:nothing"), {"nothing"});
  expect_refused(evaluate("affectnet8:nothing"), {"nothing"});
  expect_refused(evaluate("unbc:nothing"), {"nothing"});
  expect_refused(evaluate("ckplus:nothing"), {"nothing"});
}

TEST_F(BadSets, PathThatClimbsOut) {
  fs::create_directories(folder / "affect/Manually_Annotated_file_lists");
  fs::create_directories(folder / "affect/Manually_Annotated_Images/1");
  picture("secret.png", 10);
  picture("affect/Manually_Annotated_Images/1/a.png", 10);
  const std::string header =
      "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n";
  const std::string good = header + "1/a.png,0,0,40,40,,1,0,0\n";
  write_unsynced(folder / "affect/Manually_Annotated_file_lists/training.csv",
                 good + "../../secret.png,0,0,40,40,,1,0,0\n");
  write_unsynced(folder / "affect/Manually_Annotated_file_lists/validation.csv", good);
  expect_refused(evaluate("affectnet:affect"), {"secret.png"});
}

TEST_F(BadSets, MalformedStudyConfig) {
  const auto study = [this](const std::string& text) {
    write_unsynced(folder / "study.toml", text);
    return run({"study", "study.toml", "--out", "study"});
  };
  expect_refused(run({"study", "gone.toml", "--out", "study"}), {"gone.toml"});
  expect_refused(study("emotion = = 3\n"), {"study.toml"});
  expect_refused(study("emotoin = \"folder:set\"\n"), {"study.toml", "emotoin"});
  expect_refused(study("emotion = 3\n"), {"study.toml", "emotion"});
  const std::string sets = "emotion = \"affectnet:set\"\npain = \"unbc:set\"\nconcepts = \"ckplus:set\"\n[explain]\n";
  expect_refused(study(sets + "rules = \"guess\"\n"), {"study.toml", "explain.rules", "guess"});
  expect_refused(study(sets + "dialect = \"latin\"\n"), {"study.toml", "explain.dialect", "latin"});
  expect_refused(run({"report", "gone"}), {"gone"});
}

// A mistyped folder that is not a study's is never overwritten.
TEST_F(BadSets, StudyIntoSomeOtherFolder) {
  write_unsynced(folder / "study.toml", "emotion = \"folder:set\"\npain = \"folder:set\"\nconcepts = \"folder:set\"\n");
  const UntouchedFiles files(folder.path());
  expect_refused(run({"study", "study.toml", "--out", "set"}), {"set"});
  files.expect_untouched();
}

TEST_F(BadSets, AGpuThatIsNotThere) {
  const Outcome outcome =
      run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--logits", "z.npy", "--device", "cuda"});
  if (outcome.status == 0) GTEST_SKIP() << "there is one";
  expect_refused(outcome, {"--device cuda"});
  EXPECT_FALSE(fs::exists(folder / "z.npy"));
}

TEST_F(BadSets, OptionsNobodyKnows) {
  const Outcome outcome = run({"train", "--speed", "9"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.errors, testing::HasSubstr("--speed"));
}

}  // namespace
}  // namespace palimpsest
