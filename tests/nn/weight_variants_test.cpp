#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/npy.h"
#include "nn/weights.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"

// VGGs of other people, written by PyTorch and by Keras (tests/goldens/make_weight_variants.py and
// make_keras_variants.py), give the logits of these libraries.
namespace palimpsest::nn {
namespace {

const fs::path kGoldens = goldens();

class WeightVariants : public testing::TestWithParam<std::string> {};  // "weights/vgg13.safetensors"

nlohmann::json golden_logits(const fs::path& folder) {
  return nlohmann::json::parse(read_file(folder / "logits.json"));
}

TEST_P(WeightVariants, GiveTheirLogits) {
  const fs::path path = kGoldens / GetParam(), folder = path.parent_path();
  const auto golden = golden_logits(folder).at(path.filename().string()).get<std::vector<double>>();
  const auto device = cpu_device();
  const auto network = load_network(*device, path, {64, true});
  Trace trace = network->make_trace(1, 0);
  device->upload(trace.input(), read_npy(folder / "picture.npy").floats());
  network->forward(trace);
  const auto logits = device->download(trace.logits());
  ASSERT_EQ(logits.size(), golden.size());
  double largest = 0;
  for (const double value : golden) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], golden[i], 1e-5 * largest) << i;
}

std::vector<std::string> variants() {
  std::vector<std::string> names;
  for (const std::string folder : {"weights", "keras_variants"}) {
    const nlohmann::json all = golden_logits(kGoldens / folder);
    for (const auto& [name, logits] : all.items()) names.push_back(folder + "/" + name);
  }
  return names;
}
INSTANTIATE_TEST_SUITE_P(All, WeightVariants, testing::ValuesIn(variants()), [](const auto& one) {
  std::string name = one.param.substr(one.param.find('/') + 1);
  std::ranges::replace(name, '.', '_');
  return name;
});

// Every file of the folders is one of them.
TEST(WeightVariantFiles, AreAllListed) {
  std::size_t files = 0;
  for (const std::string folder : {"weights", "keras_variants"})
    for (const auto& entry : fs::directory_iterator(kGoldens / folder))
      files += entry.path().filename() != "logits.json" && entry.path().filename() != "picture.npy" ? 1 : 0;
  EXPECT_EQ(files, variants().size());
  EXPECT_GE(files, 28U);
}

}  // namespace
}  // namespace palimpsest::nn
