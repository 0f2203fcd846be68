#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/safetensors.h"
#include "nn/class_balance.h"
#include "tests/nn/toy_run.h"
#include "tests/support/counting_device.h"
#include "tests/support/cpu_device.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_devices.h"

// A small VGG16 as PyTorch computes it; tests/goldens/make_network.py made the files with the same numbers.
namespace palimpsest::nn {
namespace {

const fs::path kFolder = goldens() / "network";
constexpr int kBatch = 4, kSize = 64;

// lowbias32 of index and stream, 24 bits of it, in [-1, 1)
std::vector<float> hashed(std::uint32_t stream, std::int64_t count) {
  std::vector<float> values;
  for (std::uint32_t i = 0; i < std::uint32_t(count); ++i) {
    std::uint32_t x = i + stream * 0x9E3779B9u;
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    x ^= x >> 16;
    values.push_back(float(double(x >> 8) / 8388608.0 - 1));
  }
  return values;
}

void fill(Network& network) {
  for (std::size_t i = 0; i < network.parameters().size(); ++i) {
    const auto& p = network.parameters()[i];
    const Shape& s = p.value.shape;
    const bool bias = p.name.ends_with(".bias");
    const float scale = bias ? 0.1F : float(std::sqrt(6.0 / (double(s.c) * s.h * s.w)));
    auto values = hashed(std::uint32_t(i), s.count());
    for (auto& v : values) v *= scale;
    network.device().upload(p.value, values);
  }
}

double relative_l1(const std::vector<float>& got, const std::vector<float>& expected) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::abs(double(got.at(i)) - double(expected[i]));
    size += std::abs(double(expected[i]));
  }
  return size > 0 && got.size() == expected.size() ? difference / size : 1e9;
}

class AgainstPyTorch : public testing::TestWithParam<TestDevice> {};

TEST_P(AgainstPyTorch, OutputsGradientsAndOneStep) {
  TempFolder folder;
  Progress::silence(true);
  const SafetensorsFile golden(kFolder / "small_vgg16.safetensors");
  Architecture a;
  a.size = kSize;
  a.channels = {8, 8, 12, 16, 16};
  a.hidden = {24, 20};
  a.classes = 8;
  const auto device = GetParam().make();
  Network network(*device, a);
  fill(network);
  const auto x = hashed(1000, std::int64_t{kBatch} * 3 * kSize * kSize);
  Trace trace = network.make_trace(kBatch, kBlocks);
  device->upload(trace.input(), x);
  network.forward(trace);
  EXPECT_LT(relative_l1(device->download(trace.features()), golden.read_floats("features")), 1e-5);
  EXPECT_LT(relative_l1(device->download(trace.logits()), golden.read_floats("logits")), 1e-5);

  TrainOptions options;
  const std::vector<std::int64_t> counts{74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750};
  options.loss = {5, class_balanced_weights(counts, 0.99998, ClassWeights::rescaled)};
  options.rate = 0.5;
  options.batch = kBatch;
  options.steps = 1;
  options.shuffle = false;
  options.gradients = folder / "g.safetensors";
  const auto pictures = std::make_shared<data::Arrays>(x, std::vector<std::int64_t>{7, 1, 4, 2}, kBatch, kSize, kSize);
  RunFolder run(folder / "run", "", false);
  train(network, options, pictures, nullptr, {}, run);
  EXPECT_NEAR(metrics(folder / "run").at(0).at("train_loss"), golden.read_floats("loss")[0], 1e-5);
  const SafetensorsFile gradients(folder / "g.safetensors"), after(folder / "run" / "weights.safetensors");
  for (const auto& name : after.names()) {
    EXPECT_LT(relative_l1(gradients.read_floats(name), golden.read_floats("gradient." + name)), 1e-4) << name;
    EXPECT_LT(relative_l1(after.read_floats(name), golden.read_floats("after." + name)), 1e-5) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, AgainstPyTorch, testing::ValuesIn(exact_test_devices()),
                         [](const auto& test) { return test_name(test.param); });

// Has the shapes of a whole VGG16, but not its half gigabyte.
class WithoutMemory final : public CountingDevice {
 public:
  using CountingDevice::CountingDevice;
  std::shared_ptr<Storage> allocate(std::size_t) override { return CountingDevice::allocate(64); }
};

TEST(AgainstTorchvision, FullSizeNamesAndShapesAreTorchvisions) {
  const auto inner = cpu_device();
  WithoutMemory device(*inner);
  Architecture a;
  a.classes = 1000;
  const Network network(device, a);
  std::string lines;
  for (const auto& p : network.parameters()) {
    const Shape& s = p.value.shape;
    lines += p.name;
    if (p.name.ends_with(".bias")) {
      lines += fmt::format(" {}\n", s.c);
    } else {
      lines += p.value.layout == Layout::kernel ? fmt::format(" {}x{}x{}x{}\n", s.n, s.c, s.h, s.w)
                                                : fmt::format(" {}x{}\n", s.n, s.c);
    }
  }
  EXPECT_EQ(lines, read_file(kFolder / "torchvision_vgg16.txt"));
}

// Computed by hand from the counts of AffectNet's training images.
TEST(ClassBalance, AffectNetsWeights) {
  const std::vector<std::int64_t> counts{74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750};
  const double golden[] = {.2177, .1813, .4236, .6882, 1.4113, 2.3077, .4311, 2.3391};
  const auto rescaled = class_balanced_weights(counts, 0.99998, ClassWeights::rescaled);
  const auto plain = class_balanced_weights(counts, 0.99998, ClassWeights::plain);
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_NEAR(rescaled[i], golden[i], 5e-5);
    EXPECT_NEAR(plain[i], (1 - 0.99998) / (1 - std::pow(0.99998, double(counts[i]))), 1e-9 * double(plain[i]) + 1e-11);
    sum += double(rescaled[i]);
  }
  EXPECT_NEAR(sum, 8, 1e-5);
  EXPECT_NEAR(plain[1], 2.1e-5, 1e-6);   // happy
  EXPECT_NEAR(plain[7], 2.77e-4, 2e-6);  // contempt
  EXPECT_TRUE(class_balanced_weights(counts, 0.99998, ClassWeights::none).empty());
}

}  // namespace
}  // namespace palimpsest::nn
