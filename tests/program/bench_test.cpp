#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/csv.h"
#include "tests/program/run_program.h"
#include "tests/support/temp_folder.h"

// Benchmarks of a tiny network: what they list, not how fast it is.
namespace palimpsest {
namespace {

using testing::HasSubstr;
using testing::Not;

class Bench : public testing::Test {
 protected:
  Outcome bench(const std::string& device, std::vector<std::string> arguments) {
    std::vector<std::string> all{"bench",    "--device", device,    "--size", "32",        "--width", "0.02",
                                 "--hidden", "8",        "--batch", "1",      "--seconds", "0"};
    if (std::ranges::find(arguments, "--repeats") == arguments.end()) all.insert(all.end(), {"--repeats", "1"});
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_program(all, {.folder = folder_.path()});
  }
  nlohmann::json file(const char* name) const { return nlohmann::json::parse(read_file(folder_ / name)); }
  TempFolder folder_;
};

TEST_F(Bench, TimesTheLayersThatAreNamed) {
  const Outcome got = bench("cpu", {"--only", "conv1_1,features.2,fc6", "--pass", "forward", "--out", "b.json"});
  ASSERT_EQ(got.status, 0) << got.errors;
  const auto layers = file("b.json").at("layers");
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].at("name"), "conv1_1");
  EXPECT_EQ(layers[1].at("layer"), "features.2");
  EXPECT_EQ(layers[2].at("name"), "fc6");
  for (const auto& layer : layers) {
    EXPECT_GT(layer.at("seconds"), 0);
    EXPECT_GT(layer.at("cold_seconds"), 0);
    EXPECT_GT(layer.at("gflops"), 0);
    EXPECT_GT(layer.at("gigabytes_per_second"), 0);
    EXPECT_EQ(layer.at("algorithm"), "direct");
  }
  EXPECT_TRUE(file("b.json").at("steps").empty());
  EXPECT_TRUE(file("b.json").at("operations").empty());
}

TEST_F(Bench, ALayerThatTheNetworkLacksIsRefused) {
  for (const char* const option : {"--no-steps", "--launches=1"})
    expect_refused(bench("cpu", {option, "--only", "conv6_1"}),
                   {"--only: 'conv6_1' is not a layer of this network, nor an operation", "conv1_1", "max_pool"});
}

TEST_F(Bench, OptionsThatLeaveNothingAreRefused) {
  for (const std::vector<std::string>& options : {std::vector<std::string>{"--only", "max_pool", "--pass", "forward"},
                                                  {"--only", "sum", "--compare", "direct,winograd"},
                                                  {"--only", "conv1_1,sum", "--pass", "forward"},
                                                  {"--only", "conv1_1", "--no-layers"},
                                                  {"--no-layers", "--no-operations", "--no-steps"}})
    expect_refused(bench("cpu", options), {"these options leave out"});
}

// Six samples are the fewest that have an interval.
TEST_F(Bench, StatesSamplesNoiseAndInterval) {
  ASSERT_EQ(bench("cpu", {"--only", "conv1_2", "--pass", "forward", "--repeats", "6", "--out", "b.json"}).status, 0);
  const auto layer = file("b.json").at("layers").at(0);
  for (const std::string prefix : {"", "cold_"}) {
    EXPECT_EQ(layer.at(prefix + "samples"), 6);
    EXPECT_GE(layer.at(prefix + "noise"), 0);
    EXPECT_LE(layer.at(prefix + "low_seconds"), layer.at(prefix + "seconds"));
    EXPECT_GE(layer.at(prefix + "high_seconds"), layer.at(prefix + "seconds"));
  }
  ASSERT_EQ(bench("cpu", {"--only", "conv1_2", "--pass", "forward", "--no-cold", "--out", "c.json"}).status, 0);
  const auto few = file("c.json").at("layers").at(0);
  EXPECT_TRUE(few.at("noise").is_null());
  EXPECT_TRUE(few.at("low_seconds").is_null());
  EXPECT_TRUE(few.at("cold_seconds").is_null());
  EXPECT_EQ(few.at("cold_samples"), nullptr);
}

TEST_F(Bench, ThereAreNoPercentagesWithoutPeaks) {
  const Outcome got = bench("cuda-emulated", {"--only", "conv1_2,max_pool", "--out", "b.json"});
  ASSERT_EQ(got.status, 0) << got.errors;
  EXPECT_THAT(got.output, HasSubstr("No percentages: bench/gpus.toml has no peaks of palimpsest emulator"));
  EXPECT_THAT(got.output, Not(HasSubstr("held back by")));
  const auto all = file("b.json");
  EXPECT_TRUE(all.at("peaks").is_null());
  EXPECT_TRUE(all.at("clocks").at("before").is_null());
  EXPECT_EQ(all.at("layers").size(), 5u) << "redistribution too";
  EXPECT_EQ(all.at("operations").size(), 5u) << "one for each pool";
  for (const auto& row : all.at("operations")) EXPECT_TRUE(row.at("roofline").is_null());
}

TEST_F(Bench, TheLastLettersOfTheFilesNameSayWhatIsWritten) {
  ASSERT_EQ(bench("cpu", {"--only", "conv1_2,sum,sgd_step", "--out", "b.csv"}).status, 0);
  const Csv csv = read_csv(folder_ / "b.csv");
  ASSERT_EQ(csv.rows.size(), 7u);
  const auto value = [&](std::size_t row, const char* column) {
    return csv.rows[row][std::size_t(csv.column(column))];
  };
  EXPECT_EQ(value(0, "kind"), "layer");
  EXPECT_EQ(value(0, "pass"), "forward");
  EXPECT_EQ(value(4, "pass"), "redistribution");
  EXPECT_EQ(value(0, "height"), "32");
  EXPECT_GT(parse_number(value(0, "cold_seconds"), "cold_seconds"), 0);
  EXPECT_EQ(value(5, "name"), "sgd_step");
  EXPECT_EQ(value(5, "images"), "") << "several tensors";
  EXPECT_EQ(value(6, "outputs"), "");
  EXPECT_EQ(value(6, "gflops"), "");
  expect_refused(bench("cpu", {"--out", "b.txt"}), {"--out b.txt ends neither in .json nor in .csv"});
}

TEST_F(Bench, StepsAreAlsoRecordedWhereTheDeviceRecords) {
  const auto names_on = [&](const std::string& device) {
    const Outcome got = bench(device, {"--no-layers", "--no-operations", "--out", "b.json"});
    EXPECT_EQ(got.status, 0) << got.errors;
    std::set<std::string> names;
    const auto all = file("b.json");
    for (const auto& step : all.at("steps")) {
      EXPECT_GT(step.at("seconds"), 0);
      names.insert(step.at("name"));
    }
    return names;
  };
  const std::set<std::string> plain{"forward",  "training, all blocks frozen", "training the head",
                                    "training", "relevance, one class",        "relevance, all 8 classes"};
  EXPECT_EQ(names_on("cpu"), plain);
  std::set<std::string> both = plain;
  for (const char* const name : {"forward", "training, all blocks frozen", "training the head", "training"})
    both.insert(std::string(name) + ", recorded");
  EXPECT_EQ(names_on("cuda-emulated"), both);
}

TEST_F(Bench, AlgorithmsAreComparedWhereTheyServe) {
  const Outcome got =
      bench("cuda-emulated", {"--only", "conv1_2", "--compare", "own,own:tall,library", "--out", "b.json"});
  ASSERT_EQ(got.status, 0) << got.errors;
  EXPECT_THAT(got.output, HasSubstr("own/library"));
  std::map<std::string, std::string> ran;
  const auto all = file("b.json");
  for (const auto& row : all.at("layers")) ran[row.at("pass")] += row.at("algorithm").get<std::string>() + " ";
  EXPECT_EQ(ran, (std::map<std::string, std::string>{{"forward", "own own:tall library "},
                                                     {"backward_data", "own own:tall library "},
                                                     {"backward_weights", "own library "},
                                                     {"relevance", "own own:tall library "},
                                                     {"redistribution", "own own:tall library "}}));
}

TEST_F(Bench, AnAlgorithmThatNeverRunsIsAnErrorAfterTheOthers) {
  const Outcome got = bench("cuda-emulated", {"--only", "conv1_2", "--pass", "forward", "--compare", "own,own:huge"});
  EXPECT_THAT(got.output, HasSubstr("failed"));
  EXPECT_THAT(got.output, HasSubstr("conv1_2 forward own:huge failed: --convolution own:huge"));
  expect_refused(got, {"--convolution own:huge"});
}

TEST_F(Bench, TheTableHoldsOnlyAlgorithmsThatRanThePass) {
  const Outcome got = bench("cuda-emulated", {"--only", "conv1_2", "--tune", "t.json"});
  ASSERT_EQ(got.status, 0) << got.errors;
  const auto table = file("t.json");
  EXPECT_EQ(table.at("choices").size(), 4u) << "no table chooses for redistribution";
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

TEST_F(Bench, LaunchesAreNotTimed) {
  const Outcome got = bench("cuda-emulated", {"--only", "conv1_2,sum", "--launches", "2"});
  EXPECT_EQ(got.status, 0) << got.errors;
  EXPECT_EQ(got.output, "");
}

}  // namespace
}  // namespace palimpsest
