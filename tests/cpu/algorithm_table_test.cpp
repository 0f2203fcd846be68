#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/files.h"
#include "cpu/conv2d_algorithm.h"
#include "cpu/device.h"
#include "tests/support/expect_error.h"
#include "tests/support/op_cases.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_devices.h"
#include "tests/support/vgg16.h"

namespace palimpsest {
namespace {

constexpr Conv2dShape kShape{8, 64, 56, 56, 64};

TEST(AlgorithmTable, SaysNothingUnlessTold) {
  EXPECT_FALSE(AlgorithmTable().find(LayerPass::forward, kShape));
  EXPECT_FALSE(AlgorithmTable::of("auto").find(LayerPass::forward, kShape));
  EXPECT_EQ(AlgorithmTable::of("direct").find(LayerPass::relevance, kShape), "direct");
}

TEST(AlgorithmTable, IsReadFromAFile) {
  const TempFolder folder;
  const fs::path file = folder / "table.json";
  write_file(file, R"({"choices": [{"pass": "backward_data", "shape": [8, 64, 56, 56, 64], "algorithm": "direct"}]})");
  const auto table = AlgorithmTable::of(file.string());
  EXPECT_EQ(table.find(LayerPass::backward_data, kShape), "direct");
  EXPECT_FALSE(table.find(LayerPass::forward, kShape));
  EXPECT_FALSE(table.find(LayerPass::backward_data, Conv2dShape{7, 64, 56, 56, 64}));
  EXPECT_TRUE(table.description().starts_with("table.json (")) << table.description();

  const std::string& before = table.description();
  write_file(file, R"({"choices": []})");
  EXPECT_NE(AlgorithmTable::of(file.string()).description(), before);  // a run is not resumed with another table
}

TEST(AlgorithmTable, RefusesWhatItCannotUse) {
  const TempFolder folder;
  const auto refuses = [&](const std::string& text) {
    write_file(folder / "table.json", text);
    expect_error("table.json", [&] { AlgorithmTable::of((folder / "table.json").string()); });
  };
  refuses("{");
  refuses("[]");
  refuses(R"({"choices": [{"pass": "sideways", "shape": [1, 1, 1, 1, 1], "algorithm": "direct"}]})");
  refuses(R"({"choices": [{"pass": "forward", "shape": [1, 1, 1, 1], "algorithm": "direct"}]})");
  refuses(R"({"choices": [{"pass": "forward", "shape": [1, 1, 1, 1, 1], "algorithm": 3}]})");
  refuses(R"({"choices": [{"pass": "forward", "shape": [1, 1, 1, 1, 1e300], "algorithm": "direct"}]})");
  refuses(R"({"choices": [{"pass": "forward", "shape": [1, 1, 1, 1, 4294967297], "algorithm": "direct"}]})");
  expect_error("gone.json", [&] { AlgorithmTable::of((folder / "gone.json").string()); });
  const auto choose = [](const char* name, bool has_avx512) {
    cpu::conv2d_algorithm(AlgorithmTable::of(name), has_avx512, kShape, LayerPass::forward);
  };
  expect_error("fastest", [&] { choose("fastest", true); });
  expect_error("AVX-512", [&] { choose("winograd", false); });
}

// One or two images run forward like in other frameworks; training and relevance use the faster algorithm.
TEST(Cpu, FewImagesGoForwardDirectly) {
  for (auto shape : vgg16_convolutions(2, 224)) {
    EXPECT_EQ(cpu::conv2d_rule(true, shape, LayerPass::forward), cpu::Conv2dAlgorithm::direct);
    const bool enough_tiles = shape.h >= 28;
    EXPECT_EQ(cpu::conv2d_rule(true, shape, LayerPass::relevance) == cpu::Conv2dAlgorithm::winograd, enough_tiles);
    shape.n = 8;
    EXPECT_EQ(cpu::conv2d_rule(true, shape, LayerPass::forward), cpu::Conv2dAlgorithm::winograd);
  }
}

// A table changes which algorithm runs, which is visible in the last bits.
TEST(Cpu, RunsWhatTheTableSays) {
  const auto automatic = make_cpu_device(1);
  const auto direct = make_cpu_device(1, AlgorithmTable::of("direct"));
  EXPECT_EQ(direct->info().algorithms, "direct");
  EXPECT_NE(direct->info().fingerprint(), automatic->info().fingerprint());
  const Conv2dShape s{4, 32, 32, 32, 32};
  const auto forward = [&](Device& device) {
    const auto input = [&](int stream, const Shape& shape, Layout layout) {
      return case_tensor(device, "table", stream, shape, layout, Numbers::random);
    };
    const Tensor y = device.make(s.output(), Layout::activation);
    device.plan_layer(s)->forward(input(0, s.input(), Layout::activation), input(1, s.weights(), Layout::kernel),
                                  input(2, {1, s.k}, Layout::channels), false, y);
    return device.download(y);
  };
  const auto a = forward(*automatic), b = forward(*direct);
  EXPECT_EQ(a == b, channel_block(*automatic) == 8);  // without AVX-512 there is only one
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(double(a[i]) - double(b[i])));
  EXPECT_LT(most, 1e-4);
}

}  // namespace
}  // namespace palimpsest
