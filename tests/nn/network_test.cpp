#include "nn/network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/batch_upload.h"
#include "nn/weights.h"
#include "tests/nn/reference_network.h"
#include "tests/nn/toy.h"
#include "tests/support/counting_device.h"
#include "tests/support/cpu_device.h"

namespace palimpsest::nn {
namespace {

constexpr int kImages = 3;
const std::vector<int> kLabels{2, 0, 3};
const FocalLoss kLoss{2, {0.5F, 1, 2, 1.5F}};

std::vector<float> images(int side = 32) {
  const auto pictures = toy_pictures(kImages, 4, 1, side);
  const std::size_t one = 3 * std::size_t(side * side);
  std::vector<float> values(kImages * one);
  for (int i = 0; i < kImages; ++i) pictures->fill(i, {}, Normalisation::none(), values.data() + std::size_t(i) * one);
  return values;
}
reference::Values image_values(int side = 32) {
  const auto values = images(side);
  return {values.begin(), values.end()};
}

// Biases too, so that nothing is symmetric.
void randomise(Network& network) {
  initialise(network, 5);
  Random random(6, Purpose::test);
  for (auto& p : network.parameters())
    if (p.name.ends_with(".bias")) {
      std::vector<float> values(std::size_t(p.value.shape.count()));
      for (auto& v : values) v = float(0.1 * random.normal());
      network.device().upload(p.value, values);
    }
}

double relative_l1(const std::vector<float>& got, const reference::Values& expected) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::abs(double(got[i]) - expected[i]);
    size += std::abs(expected[i]);
  }
  return got.size() == expected.size() && size > 0 ? difference / size : 1e9;
}

Tensor labels(Device& device) {
  Tensor tensor = device.make({kImages, 1}, Layout::matrix);
  upload_labels(device, kLabels, 4, tensor);
  return tensor;
}

void step(Network& network, Trace& trace) {
  Device& device = network.device();
  device.upload(trace.input(), images(network.architecture().size));
  network.forward(trace);
  const Tensor gradient = device.make(trace.logits().shape, Layout::matrix);
  device.focal_loss(kLoss, trace.logits(), labels(device), &gradient);
  network.backward(trace, gradient);
}

TEST(ReferenceNetwork, ItsGradientsAreCentralDifferences) {
  const auto device = cpu_device();
  Network network(*device, toy_architecture());
  randomise(network);
  auto reference = ReferenceNetwork::like(network);
  const auto x = image_values();
  const auto gradients = reference.gradients(x, kLabels, kLoss);
  Random random(7, Purpose::test);
  for (auto& [name, values] : reference.weights()) {
    for (int sample = 0; sample < 3; ++sample) {
      const std::size_t i = random.below(std::uint32_t(values.size()));
      const double kept = values[i], h = 1e-6;
      values[i] = kept + h;
      const double above = reference.loss(x, kLabels, kLoss);
      values[i] = kept - h;
      const double below = reference.loss(x, kLabels, kLoss);
      values[i] = kept;
      EXPECT_NEAR((above - below) / (2 * h), gradients.at(name)[i], 1e-7 + 1e-5 * std::abs(gradients.at(name)[i]))
          << name << " " << i;
    }
  }
}

struct HeadCase {
  std::vector<int> hidden;
  bool average = false;
};
class NetworkAgainstReference : public testing::TestWithParam<HeadCase> {};

TEST_P(NetworkAgainstReference, OutputsAndGradients) {
  const auto device = cpu_device();
  Architecture architecture = toy_architecture(4, GetParam().hidden);
  architecture.average = GetParam().average;
  if (architecture.average) architecture.size = 70;  // whose features are 2 x 2
  const auto pictures = image_values(architecture.size);
  Network network(*device, architecture);
  randomise(network);
  Trace trace = network.make_trace(kImages, 0);
  step(network, trace);
  const auto reference = ReferenceNetwork::like(network);
  const auto outputs = reference.forward(pictures, kImages);
  EXPECT_LT(relative_l1(device->download(trace.features()), outputs.features), 2e-6);
  EXPECT_LT(relative_l1(device->download(trace.logits()), outputs.logits), 2e-6);
  for (const auto& [name, gradient] : reference.gradients(pictures, kLabels, kLoss))
    for (const auto& p : network.parameters())
      if (p.name == name) {
        EXPECT_LT(relative_l1(device->download(p.gradient), gradient), 1e-5) << name;
      }
}
INSTANTIATE_TEST_SUITE_P(Heads, NetworkAgainstReference,
                         testing::Values(HeadCase{{7, 6}}, HeadCase{{5}}, HeadCase{{}}, HeadCase{{}, true},
                                         HeadCase{{5}, true}));

// A frozen network computes no gradient of the features, however its head takes them.
TEST(Network, NothingBelowAFrozenHeadIsComputed) {
  const auto inner = cpu_device();
  CountingDevice device(*inner);
  Architecture architecture = toy_architecture();
  architecture.average = true;
  Network network(device, architecture);
  randomise(network);
  network.set_frozen({true, true, true, true, true});
  Trace trace = network.make_trace(kImages, kBlocks);
  step(network, trace);
  EXPECT_EQ(device.count("average_pool"), 1);
  EXPECT_EQ(device.count("average_pool_backward"), 0);
  EXPECT_EQ(device.count("max_pool_backward"), 0);
}

// 2^5 patterns of frozen blocks: FreezeB0 to FreezeB5 are among them.
class Freezing : public testing::TestWithParam<int> {
 protected:
  static std::array<bool, kBlocks> frozen() {
    std::array<bool, kBlocks> flags{};
    for (int block = 0; block < kBlocks; ++block) flags[std::size_t(block)] = GetParam() >> block & 1;
    return flags;
  }
};

TEST_P(Freezing, ComputesNoGradientThatNobodyNeeds) {
  const auto inner = cpu_device();
  CountingDevice device(*inner);
  Network network(device, toy_architecture());
  randomise(network);
  network.set_frozen(frozen());
  const int lowest = network.lowest_trained_block();
  Trace trace = network.make_trace(kImages, lowest);
  step(network, trace);
  int layer = 0;
  bool first_trained = true;
  for (const Layer& one : layers_of(network.architecture())) {
    if (one.kind != Layer::Kind::convolution) continue;
    const bool trained = network.trained(one.block);
    // The lowest trained convolution does not compute a data gradient either: nothing below needs it.
    const bool data = one.block >= lowest && !(trained && first_trained);
    if (trained) first_trained = false;
    EXPECT_EQ(device.count("conv2d_forward", layer), 1) << one.name;
    EXPECT_EQ(device.count("conv2d_backward_weights", layer), trained ? 1 : 0) << one.name;
    EXPECT_EQ(device.count("conv2d_backward_data", layer), data ? 1 : 0) << one.name;
    ++layer;
  }
  for (int block = 0; block < kBlocks; ++block)
    EXPECT_EQ(device.count("max_pool_backward", block), block >= lowest ? 1 : 0) << block;
  EXPECT_EQ(device.count("linear_backward_weights"), 3);
  EXPECT_EQ(device.count("linear_backward_data"), lowest == kBlocks ? 2 : 3);
  for (const auto& p : network.parameters()) EXPECT_EQ(p.gradient.empty(), !network.trained(p.block)) << p.name;
}

TEST_P(Freezing, LeavesTheOtherGradientsAsTheyAre) {
  const auto device = cpu_device();
  Network whole(*device, toy_architecture()), part(*device, toy_architecture());
  randomise(whole);
  randomise(part);
  part.set_frozen(frozen());
  Trace all = whole.make_trace(kImages, 0), kept = part.make_trace(kImages, part.lowest_trained_block());
  step(whole, all);
  step(part, kept);
  for (std::size_t i = 0; i < part.parameters().size(); ++i) {
    const auto& p = part.parameters()[i];
    if (part.trained(p.block)) {
      EXPECT_EQ(device->download(p.gradient), device->download(whole.parameters()[i].gradient)) << p.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Patterns, Freezing,
                         testing::Values(0b00000, 0b00001, 0b00011, 0b00111, 0b01111, 0b11111,  // B0 to B5
                                         0b00010, 0b10000, 0b01010, 0b10101));

TEST(Network, AllocatesNothingOnceItHasRun) {
  const auto inner = cpu_device();
  CountingDevice device(*inner);
  Network network(device, toy_architecture());
  randomise(network);
  Trace trace = network.make_trace(kImages, 0);
  const Tensor gradient = device.make(trace.logits().shape, Layout::matrix);
  const Tensor labelled = labels(device);
  const auto run = [&] {
    network.forward(trace);
    device.focal_loss(kLoss, trace.logits(), labelled, &gradient);
    network.backward(trace, gradient);
  };
  run();
  device.reset();
  run();
  EXPECT_EQ(device.count("allocate"), 0);
}

TEST(Network, KeepingLessGivesTheSameLogits) {
  const auto device = cpu_device();
  Network network(*device, toy_architecture());
  randomise(network);
  std::vector<float> first;
  for (int keep_from = 0; keep_from <= kBlocks; ++keep_from) {
    Trace trace = network.make_trace(kImages, keep_from);
    device->upload(trace.input(), images());
    network.forward(trace);
    const auto logits = device->download(trace.logits());
    if (first.empty()) first = logits;
    EXPECT_EQ(logits, first) << keep_from;
  }
}

}  // namespace
}  // namespace palimpsest::nn
