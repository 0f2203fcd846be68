// `palimpsest forget`: two networks of the user's own.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "data/image.h"
#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

using testing::HasSubstr;
using testing::Not;

// Pictures of three kinds of stripes, which two networks of random weights distinguish well enough.
class Forget : public ToyModel {
 protected:
  static constexpr int count = 20;  // of each kind

  void SetUp() override {
    ToyModel::SetUp();
    std::string parts = "id,has stripes,bright\n";
    for (const char* kind : {"across", "plain", "upright"})
      for (int i = 0; i < count; ++i) {
        const std::string name = fmt::format("{}/{:02}.png", kind, i);
        picture(name, kind[0], i);
        parts += fmt::format("{},{},{}\n", name, kind[0] == 'p' ? 0 : 1, i % 2);
      }
    write_unsynced(folder / "parts.csv", parts);
    const Outcome made = run({"train", "--data", "arrays:x.npy,y.npy", "--width", "0.125", "--hidden", "4", "--steps",
                              "1", "--batch", "4", "--seed", "2", "--out", "other"});
    ASSERT_EQ(made.status, 0) << made.errors;
  }
  void picture(const std::string& name, char kind, int i) const {
    fs::create_directories((folder / "kinds" / name).parent_path());
    data::Image image(32, 32);
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x) {
        const int at = kind == 'a' ? y : kind == 'u' ? x : 0;
        for (int c = 0; c < 3; ++c)
          image.pixels[std::size_t((y * 32 + x) * 3 + c)] =
              std::uint8_t((at + i) % 8 < 4 ? 60 + 5 * i + 40 * (i % 2) : 30 + x * (i % 5));
      }
    data::write_png(folder / "kinds" / name, image);
  }
  Outcome forget(const std::string& after, std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"forget", "--before", "W.safetensors", "--after", after, "--data", "folder:kinds",
                                 "--size", "32",       "--out",         "out"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
};

TEST_F(Forget, APageOfTheUsersOwnWords) {
  const std::vector<std::string> options{"--concepts", "folder:kinds,parts.csv", "--noun", "pattern", "--repeats", "4"};
  const Outcome got = forget("other/weights.safetensors", options);
  ASSERT_EQ(got.status, 0) << got.errors;
  const std::string page = read_file(folder / "out/report.html");
  for (const char* words : {"What did the network forget?", "patterns", "has stripes", "bright", "upright",
                            "This compares these two networks"})
    EXPECT_THAT(page, HasSubstr(words));
  for (const char* words :
       {"emotion", "FreezeB", "pain-b", "learning pain", "contempt", "surprise", "action unit", "peak frame"})
    EXPECT_THAT(page, Not(HasSubstr(words)));
  const Csv losses = read_csv(folder / "out/tables/losses.csv");
  ASSERT_EQ(losses.rows.size(), 3u);
  EXPECT_EQ(losses.rows[0][std::size_t(losses.column("class"))], "across");
  EXPECT_EQ(losses.rows[0][std::size_t(losses.column("images"))], "4") << "a fifth of each class is for testing";
  const Csv concepts = read_csv(folder / "out/tables/concepts.csv");
  ASSERT_EQ(concepts.rows.size(), 2u);
  EXPECT_EQ(concepts.rows[0][std::size_t(concepts.column("concept"))], "has stripes");

  EXPECT_THAT(read_file(folder / "out/representation/state.json"), HasSubstr("file probe-after/weights.safetensors"))
      << "measured again for other weights";

  const Outcome again = forget("other/weights.safetensors", options);
  EXPECT_EQ(again.status, 0) << again.errors;
  EXPECT_THAT(again.errors, Not(HasSubstr("[1/")));
  expect_refused(forget("W.safetensors", options), {"features-after", "weights"});
}

// The network that the maps are made from is the probe that the losses are of.
TEST_F(Forget, TheProbeIsANetworkThatPredictsTheSame) {
  const Outcome got = forget("other/weights.safetensors");
  ASSERT_EQ(got.status, 0) << got.errors;
  const Outcome evaluated =
      run({"evaluate", "--weights", "out/probe-after/weights.safetensors", "--data", "folder:kinds", "--test-share",
           "0.2", "--predictions", "p.csv", "--out", "metrics.json"});
  ASSERT_EQ(evaluated.status, 0) << evaluated.errors;
  const Csv network = read_csv(folder / "p.csv"), probe = read_csv(folder / "out/probe-after/predictions.csv");
  ASSERT_EQ(network.rows.size(), 12u);
  ASSERT_EQ(probe.rows.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(network.rows[i][0], probe.rows[i][0]);
    EXPECT_EQ(network.rows[i][2], probe.rows[i][2]) << network.rows[i][0];
  }
}

TEST_F(Forget, ANetworkHasNotForgottenItself) {
  const Outcome got = forget("W.safetensors");
  ASSERT_EQ(got.status, 0) << got.errors;
  EXPECT_THAT(read_file(folder / "out/report.html"), HasSubstr("<b>Not shown.</b> None of the 3 classes"));
  const auto losses = nlohmann::json::parse(read_file(folder / "out/losses/losses.json"));
  for (const auto& row : losses.at("rows")) EXPECT_EQ(row.at("auc").at("loss").at("value"), 0);
  const auto tests = nlohmann::json::parse(read_file(folder / "out/mcnemar/mcnemar.json"));
  for (const auto& row : tests) EXPECT_EQ(row.at("test").at("b"), 0);
}

TEST_F(Forget, WhatCannotBeComparedIsRefused) {
  expect_refused(forget("missing.safetensors"), {"missing.safetensors"});
  expect_refused(forget("W.safetensors", {"--test-share", "0"}), {"folder:kinds has no test part", "test-share"});
  expect_refused(forget("W.safetensors", {"--hypotheses", "upright wings", "--concepts", "folder:kinds,parts.csv"}),
                 {"wings", "has stripes"});
  expect_refused(forget("W.safetensors", {"--hypotheses", "sideways bright", "--concepts", "folder:kinds,parts.csv"}),
                 {"sideways", "upright"});
  expect_refused(forget("W.safetensors", {"--concepts", "folder:kinds"}), {"names no labels"});
}

}  // namespace
}  // namespace palimpsest
