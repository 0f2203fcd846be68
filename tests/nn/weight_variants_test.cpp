#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/npy.h"
#include "nn/weights.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"

// VGGs of other people, written by PyTorch (tests/goldens/make_weight_variants.py), give PyTorch's logits.
namespace palimpsest::nn {
namespace {

const fs::path kFolder = fs::path(GOLDENS_FOLDER) / "weights";

class WeightVariants : public testing::TestWithParam<std::string> {};

TEST_P(WeightVariants, GiveTheirLogits) {
  const auto golden =
      nlohmann::json::parse(read_file(kFolder / "logits.json")).at(GetParam()).get<std::vector<double>>();
  const auto device = cpu_device();
  const auto network = load_network(*device, kFolder / (GetParam() + ".safetensors"), {64, true});
  Trace trace = network->make_trace(1, 0);
  device->upload(trace.input(), read_npy(kFolder / "picture.npy").floats());
  network->forward(trace);
  const auto logits = device->download(trace.logits());
  ASSERT_EQ(logits.size(), golden.size());
  double largest = 0;
  for (const double value : golden) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], golden[i], 1e-5 * largest) << i;
}

std::vector<std::string> variants() {
  const auto all = nlohmann::json::parse(read_file(kFolder / "logits.json"));
  std::vector<std::string> names;
  for (const auto& [name, logits] : all.items()) names.push_back(name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, WeightVariants, testing::ValuesIn(variants()), [](const auto& one) { return one.param; });

// Every file of the folder is one of them.
TEST(WeightVariantFiles, AreAllListed) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) files += entry.path().extension() == ".safetensors" ? 1 : 0;
  EXPECT_EQ(files, variants().size());
  EXPECT_GE(files, 15U);
}

}  // namespace
}  // namespace palimpsest::nn
