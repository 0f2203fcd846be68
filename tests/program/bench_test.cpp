#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "tests/program/run_program.h"
#include "tests/support/temp_folder.h"

// Benchmarks of a tiny network: what they list, not how fast it is.
namespace palimpsest {
namespace {

using testing::HasSubstr;

class Bench : public testing::Test {
 protected:
  Outcome bench(std::vector<std::string> arguments) {
    std::vector<std::string> all{"bench", "--size",  "32", "--width",   "0.02", "--hidden",
                                 "8",     "--batch", "1",  "--repeats", "1"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_program(all, {.folder = folder_.path()});
  }
  nlohmann::json file(const char* name) const { return nlohmann::json::parse(read_file(folder_ / name)); }
  TempFolder folder_;
};

TEST_F(Bench, TimesTheLayersThatAreNamed) {
  const Outcome got =
      bench({"--device", "cpu", "--only", "conv1_1,features.2,fc6", "--pass", "forward", "--out", "b.json"});
  ASSERT_EQ(got.status, 0) << got.errors;
  const auto layers = file("b.json").at("layers");
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].at("name"), "conv1_1");
  EXPECT_EQ(layers[1].at("layer"), "features.2");
  EXPECT_EQ(layers[2].at("name"), "fc6");
  for (const auto& layer : layers) {
    EXPECT_GT(layer.at("seconds"), 0);
    EXPECT_EQ(layer.at("algorithm"), "direct");
  }
  EXPECT_TRUE(file("b.json").at("steps").empty());
}

TEST_F(Bench, ALayerThatTheNetworkLacksIsRefused) {
  const Outcome got = bench({"--device", "cpu", "--only", "conv6_1"});
  EXPECT_NE(got.status, 0);
  EXPECT_THAT(got.errors, HasSubstr("--only: 'conv6_1' is not a layer of this network"));
}

TEST_F(Bench, TheTableHoldsOnlyAlgorithmsThatRanThePass) {
  const Outcome got = bench({"--device", "cuda-emulated", "--only", "conv1_2", "--tune", "t.json"});
  ASSERT_EQ(got.status, 0) << got.errors;
  const auto table = file("t.json");
  for (const auto& choice : table.at("choices")) {
    const auto& seconds = choice.at("seconds");
    EXPECT_TRUE(seconds.contains("own"));
    EXPECT_TRUE(seconds.contains(choice.at("algorithm").get<std::string>()));
    EXPECT_EQ(seconds.contains("own:tall"), choice.at("pass") != "backward_weights") << choice.dump();
    EXPECT_EQ(seconds.contains("own:square"), choice.at("pass") == "backward_weights") << choice.dump();
    EXPECT_TRUE(seconds.contains("library")) << choice.dump();
    EXPECT_TRUE(seconds.contains("library:legacy")) << choice.dump();
  }
}

}  // namespace
}  // namespace palimpsest
