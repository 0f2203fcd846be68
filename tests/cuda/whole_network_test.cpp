#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "cpu/device.h"
#include "lrp/explain.h"
#include "nn/batch_upload.h"
#include "nn/weights.h"
#include "tests/support/test_devices.h"

// VGG16 at its full width on 32 x 32 pictures, and a narrow one with global average pooling on 64 x 64: forward,
// backward and the study's relevance on each CUDA device against the CPU.
namespace palimpsest {
namespace {

constexpr int kImages = 2;

struct Outcome {
  std::vector<float> logits, map;
  std::vector<std::pair<std::string, std::vector<float>>> gradients;
};

Outcome outcome_on(Device& device, const nn::Architecture& architecture) {
  nn::Network network(device, architecture);
  nn::initialise(network, 11);
  nn::Trace trace = network.make_trace(kImages, 0);
  Random random(12, Purpose::test);
  std::vector<float> images(std::size_t(trace.input().shape.count()));
  for (auto& v : images) v = float(random.normal());
  device.upload(trace.input(), images);
  const Tensor labels = device.make({kImages, 1}, Layout::matrix);
  nn::upload_labels(device, std::vector{3, 6}, architecture.classes, labels);
  const Tensor gradient = device.make(trace.logits().shape, Layout::matrix);
  network.forward(trace);
  device.focal_loss({2, {}}, trace.logits(), labels, &gradient);
  network.backward(trace, gradient);
  Outcome outcome;
  outcome.logits = device.download(trace.logits());
  for (const auto& p : network.parameters()) outcome.gradients.emplace_back(p.name, device.download(p.gradient));
  lrp::Explainer explainer(network, lrp::composite_named("study"), lrp::dialect_named("zennit"));
  const std::vector<lrp::Targets> targets{{3, 6}};
  outcome.map = explainer.explain(trace, targets).maps.front();
  for (const int time : {2, 3})  // recorded
    EXPECT_EQ(explainer.explain(trace, targets).maps.front(), outcome.map) << "time " << time;
  return outcome;
}

double relative_l1(const std::vector<float>& got, const std::vector<float>& expected) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::abs(double(got[i]) - double(expected[i]));
    size += std::abs(double(expected[i]));
  }
  return got.size() == expected.size() && size > 0 ? difference / size : 1e9;
}

class WholeNetwork : public testing::TestWithParam<TestDevice> {
 protected:
  static void expect_agreement(const nn::Architecture& architecture) {
    const auto cpu = make_cpu_device(2);
    const auto device = GetParam().make();
    const Outcome expected = outcome_on(*cpu, architecture), got = outcome_on(*device, architecture);
    EXPECT_LT(relative_l1(got.logits, expected.logits), 6.5e-5);
    for (std::size_t i = 0; i < expected.gradients.size(); ++i)
      EXPECT_LT(relative_l1(got.gradients[i].second, expected.gradients[i].second), 1.3e-4)
          << expected.gradients[i].first;
    EXPECT_LT(relative_l1(got.map, expected.map), 1.3e-4);
  }
};

// A sum of K products of random signs is off by about u sqrt(K), relative to its terms; sixteen layers of up to
// K = 4608 add up to at most 16 * 2^-24 * 68 = 6.5e-5. The bounds are that, and for gradients and relevance, which go
// through the layers twice, twice that. A near-tied ReLU or max-pool differs in about one of a million places, which
// changes single values but not an L1 norm.
TEST_P(WholeNetwork, AgreesWithTheCpu) {
  nn::Architecture architecture;
  architecture.size = 32;
  expect_agreement(architecture);
}

TEST_P(WholeNetwork, WithAveragesToo) {
  nn::Architecture architecture;
  architecture.size = 64;
  architecture.channels = {8, 8, 12, 16, 24};
  architecture.hidden = {};
  architecture.average = true;
  expect_agreement(architecture);
}

std::vector<TestDevice> cuda_devices() {
  auto devices = exact_test_devices();
  std::erase_if(devices, [](const TestDevice& device) { return device.name == "cpu"; });
  return devices;
}
INSTANTIATE_TEST_SUITE_P(Devices, WholeNetwork, testing::ValuesIn(cuda_devices()),
                         [](const auto& one) { return test_name(one.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WholeNetwork);

}  // namespace
}  // namespace palimpsest
