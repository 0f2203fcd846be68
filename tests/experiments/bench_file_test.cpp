#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/csv.h"
#include "experiments/bench/bench_file.h"
#include "experiments/bench/bench_tables.h"

// What is written and printed of figures on a GPU whose peaks and clocks are known.
namespace palimpsest::experiments {
namespace {

using testing::HasSubstr;
using testing::Not;

Figure figure(double seconds) {
  return {summary_of({seconds, 0.9 * seconds, 1.1 * seconds, seconds, seconds, seconds}), 2};
}

BenchFile one_of_each() {
  BenchFile file;
  file.device = {.name = "cuda-tf32", .description = "a GPU, and more", .gpu = "a GPU"};
  file.precision = "tf32", file.size = 224, file.batch = 8;
  file.peaks = Peaks{"the GPU", 1e12, 1e14, "a data sheet"};
  file.before = ClockState{1980, 2619, 41, std::nullopt, {"idle"}};
  file.after = ClockState{1200, 2619, 80, 300.5, {"power cap", "software thermal slowdown"}};
  BenchRow layer{.name = "conv1_1", .layer = "features.0", .shape = {8, 3, 224, 224, 64}, .pass = "forward"};
  layer.algorithm = "own";
  layer.direct_flops = 2e10;
  layer.least = {.bytes = 1e8, .flops = 5e10};  // 0.1 ms of memory, 0.5 ms of products
  layer.measured = {.warm = figure(0.5e-3), .cold = figure(1e-3), .error = {}};
  BenchRow pool{.kind = BenchRow::Kind::operation, .name = "max_pool", .layer = "pool1", .shape = {8, 64, 224, 224}};
  pool.least.bytes = 2e8;
  pool.measured = {.warm = figure(0.4e-3), .cold = {}, .error = {}};
  BenchRow step{.kind = BenchRow::Kind::step, .name = "training, recorded"};
  step.measured = {.warm = figure(0.04), .cold = {}, .error = {}};
  BenchRow failed = layer;
  failed.algorithm = "library";
  failed.measured = {.warm = {}, .cold = {}, .error = Error("no cuDNN", "install it")};
  file.rows = {layer, failed, pool, step};
  return file;
}

TEST(BenchFile, JsonHasEveryFigure) {
  const auto all = nlohmann::json::parse(json_text(one_of_each()));
  const auto& layer = all.at("layers").at(0);
  EXPECT_EQ(layer.at("seconds"), 0.5e-3);
  EXPECT_EQ(layer.at("cold_seconds"), 1e-3);
  EXPECT_EQ(layer.at("noise"), 0);
  EXPECT_DOUBLE_EQ(layer.at("low_seconds"), 0.45e-3);
  EXPECT_DOUBLE_EQ(layer.at("high_seconds"), 0.55e-3);
  EXPECT_EQ(layer.at("samples"), 6);
  EXPECT_EQ(layer.at("runs_of_a_sample"), 2);
  EXPECT_DOUBLE_EQ(layer.at("gflops"), 40000) << "warm";
  EXPECT_DOUBLE_EQ(layer.at("gigabytes_per_second"), 100) << "cold";
  EXPECT_DOUBLE_EQ(layer.at("roofline"), 0.5) << "cold, and products take longer than memory";
  EXPECT_TRUE(layer.at("error").is_null());
  const auto& failed = all.at("layers").at(1);
  EXPECT_EQ(failed.at("error"), "no cuDNN");
  EXPECT_TRUE(failed.at("seconds").is_null() && failed.at("roofline").is_null() && failed.at("gflops").is_null());
  const auto& pool = all.at("operations").at(0);
  EXPECT_DOUBLE_EQ(pool.at("roofline"), 0.5) << "warm, where nothing else was measured";
  EXPECT_TRUE(pool.at("gflops").is_null() && pool.at("cold_seconds").is_null());
  EXPECT_EQ(all.at("steps").at(0).at("name"), "training, recorded");
  EXPECT_EQ(all.at("peaks").at("gpu"), "the GPU");
  EXPECT_EQ(all.at("clocks").at("after").at("reasons").at(0), "power cap");
  EXPECT_EQ(all.at("clocks").at("after").at("watts"), 300.5);
  EXPECT_TRUE(all.at("clocks").at("before").at("watts").is_null());
}

TEST(BenchFile, CsvHasALineForEachRow) {
  const auto rows = parse_csv("bench.csv", csv_text(one_of_each()));
  ASSERT_EQ(rows.size(), 5u);
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  const auto value = [&](std::size_t row, const std::string& name) {
    return rows[row][std::size_t(std::ranges::find(rows[0], name) - rows[0].begin())];
  };
  EXPECT_EQ(value(1, "device"), "cuda-tf32");
  EXPECT_EQ(value(1, "outputs"), "64");
  EXPECT_EQ(value(2, "error"), "no cuDNN");
  EXPECT_EQ(value(3, "outputs"), "");
  EXPECT_EQ(value(3, "width"), "224");
  EXPECT_EQ(value(4, "name"), "training, recorded") << "the comma is quoted";
}

TEST(BenchFile, TheTableStatesPeaksAndClocksOnce) {
  const BenchFile file = one_of_each();
  testing::internal::CaptureStdout();
  print_layers(file);
  print_operations(file);
  print_steps(file);
  print_circumstances(file);
  const std::string text = testing::internal::GetCapturedStdout();
  EXPECT_THAT(text, HasSubstr("TFLOP/s"));
  EXPECT_THAT(text, HasSubstr("50%"));
  EXPECT_THAT(text, HasSubstr("conv1_1 forward library failed: no cuDNN\n"));
  EXPECT_THAT(text, HasSubstr("Percentages are of the GPU's 1000 GB/s and 100.0 TFLOP/s in tf32 (a data sheet).\n"));
  EXPECT_THAT(text, HasSubstr("Before: 1980 MHz, memory 2619 MHz, 41 degrees C, ? W; held back by: idle\n"));
  EXPECT_THAT(text, HasSubstr("held back by: power cap, software thermal slowdown\n"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("unknown")));
}

TEST(BenchFile, AFailureOfNvidiaSmiIsSaidAndTheClocksAreNull) {
  BenchFile file;
  file.device.gpu = "a GPU";
  file.clocks_problem = "it did not end within 5 s";
  testing::internal::CaptureStdout();
  print_circumstances(file);
  const std::string text = testing::internal::GetCapturedStdout();
  EXPECT_THAT(text, HasSubstr("Clocks and temperature are unknown: nvidia-smi: it did not end within 5 s\n"));
  EXPECT_THAT(text, Not(HasSubstr("Before")));
  const auto clocks = nlohmann::json::parse(json_text(file)).at("clocks");
  EXPECT_TRUE(clocks.at("before").is_null() && clocks.at("after").is_null());
  EXPECT_EQ(clocks.at("problem"), "it did not end within 5 s");
}

}  // namespace
}  // namespace palimpsest::experiments
