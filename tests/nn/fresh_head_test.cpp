#include "nn/fresh_head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "nn/inference.h"
#include "nn/trainer.h"
#include "tests/nn/toy_run.h"
#include "tests/support/cpu_device.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

// A network whose features are as large as those of Caffe's weights on their pictures.
std::unique_ptr<Network> with_large_features(Device& device, const Architecture& architecture) {
  auto network = std::make_unique<Network>(device, architecture);
  initialise(*network, 3);
  for (auto& p : network->parameters())
    if (p.name == "features.0.weight") {
      auto values = device.download(p.value);
      for (float& value : values) value *= 2000;
      device.upload(p.value, values);
    }
  return network;
}

std::vector<std::string> convolutions(const Network& network) {
  std::vector<std::string> names;
  for (const auto& p : network.parameters())
    if (p.block < kBlocks) names.push_back(p.name);
  return names;
}

std::vector<float> features_of(Network& network, const std::shared_ptr<const data::Examples>& examples) {
  std::vector<float> all;
  InferenceOptions options;
  options.features = true;
  infer(network, examples, options,
        [&](const Outputs& o) { all.insert(all.end(), o.features.begin(), o.features.end()); });
  return all;
}

TEST(FreshHead, InnerLayersHaveUnitVarianceAndTheLastIsZero) {
  const auto device = cpu_device();
  const auto network = with_large_features(*device, toy_architecture(4, {12, 10}));
  const auto pictures = toy_pictures(40);
  fit_fresh_layers(*network, convolutions(*network), pictures, {}, 16);
  Trace trace = network->make_trace(40, kBlocks);
  device->upload(trace.features(), features_of(*network, pictures));
  network->forward_head(trace);
  int inner = 0;
  for (const TracedLayer& layer : trace.layers) {
    if (layer.block < kBlocks || !layer.has_weights()) continue;
    const auto& weights = network->parameters()[std::size_t(layer.parameter)].value;
    const Tensor sums = device->make(layer.output.shape, layer.output.layout);
    layer.plan->forward(layer.input, weights, network->parameters()[std::size_t(layer.parameter) + 1].value, false,
                        sums);
    const auto values = device->download(sums);
    double mean = 0, squares = 0;
    for (const float v : values) mean += v / double(values.size());
    for (const float v : values) squares += (v - mean) * (v - mean) / double(values.size());
    const bool last = layer.parameter == trace.layers.back().parameter;
    EXPECT_NEAR(squares, last ? 0 : 1, 1e-3) << layer.name;
    inner += last ? 0 : 1;
  }
  EXPECT_EQ(inner, 2);
  for (const float logit : device->download(trace.logits())) EXPECT_EQ(logit, 0);
}

TEST(FreshHead, LayersThatWereTakenStay) {
  const auto device = cpu_device();
  const auto network = with_large_features(*device, toy_architecture(4, {12, 10}));
  auto taken = convolutions(*network);
  taken.push_back("classifier.0.weight");
  taken.push_back("classifier.0.bias");
  const auto value = [&](const std::string& name) {
    for (const auto& p : network->parameters())
      if (p.name == name) return device->download(p.value);
    return std::vector<float>();
  };
  const auto before = value("classifier.0.weight"), other = value("classifier.3.weight");
  fit_fresh_layers(*network, taken, toy_pictures(8), {}, 8);
  EXPECT_EQ(value("classifier.0.weight"), before);
  EXPECT_NE(value("classifier.3.weight"), other);
}

// At the paper's rate, He initialisation diverges here or kills the last block; fitted, the block lives and is trained.
TEST(FreshHead, TheLastBlockIsAliveAfterFiftySteps) {
  TempFolder folder;
  ToyRun run;
  run.training = toy_pictures(40);
  run.options.rate = 0.01;
  run.options.batch = 8;
  run.options.epochs = 10;  // of 5 steps
  const auto device = cpu_device();
  const auto alive = [&](bool fitted) {
    const auto network = with_large_features(*device, run.architecture);
    if (fitted) fit_fresh_layers(*network, convolutions(*network), run.training, {}, 8);
    const auto before = features_of(*network, run.training);
    try {
      run.train(folder / (fitted ? "fitted" : "he"), *network);
      const auto after = features_of(*network, run.training);
      const auto active = std::ranges::count_if(after, [](float v) { return v > 0; });
      return after != before && double(active) > 0.1 * double(after.size());
    } catch (const Error&) {
      return false;
    }
  };
  EXPECT_FALSE(alive(false)) << "He initialisation serves here too, so this proves nothing";
  EXPECT_TRUE(alive(true));
  const auto lines = metrics(folder / "fitted");
  EXPECT_LT(lines.back().at("train_loss"), lines.front().at("train_loss"));
}

}  // namespace
}  // namespace palimpsest::nn
