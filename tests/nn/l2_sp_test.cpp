#include <gtest/gtest.h>

#include "base/safetensors.h"
#include "tests/nn/reference_network.h"
#include "tests/nn/toy_run.h"
#include "tests/support/temp_folder.h"

// Training that decays to the weights that it started from (--l2-sp).
namespace palimpsest::nn {
namespace {

std::vector<std::string> names_of_blocks(const Architecture& architecture) {
  std::vector<std::string> names;
  for (const Layer& layer : layers_with_weights(architecture))
    if (layer.block < kBlocks)
      for (const char* what : {".weight", ".bias"}) names.push_back(layer.name + what);
  return names;
}

ToyRun held_run() {
  ToyRun run = varied_run();
  run.options.l2_sp = 0.3;
  run.options.started = names_of_blocks(run.architecture);
  return run;
}

// Two whole-batch steps in double: the blocks feel alpha (w - w0), the head only weight decay, and a frozen block
// nothing.
TEST(L2Sp, StepsAsInTheEquation) {
  TempFolder folder;
  ToyRun run;
  run.frozen = {true, false, false, false, false};
  run.options.batch = run.training->count();
  run.options.shuffle = false;
  run.options.epochs = 2;
  run.options.momentum = 0.5;
  run.options.weight_decay = 0.4;
  run.options.l2_sp = 2;
  run.options.started = names_of_blocks(run.architecture);
  run.train(folder / "run");

  const auto device = cpu_device();
  Network start(*device, run.architecture);
  initialise(start, 3);
  auto reference = ReferenceNetwork::like(start);
  const auto first = reference.weights();
  std::vector<int> labels;
  reference::Values images;
  for (int i = 0; i < run.training->count(); ++i) {
    std::vector<float> one(3 * 32 * 32);
    run.training->fill(i, {}, run.options.normalisation, one.data());
    images.insert(images.end(), one.begin(), one.end());
    labels.push_back(run.training->label(i));
  }
  std::map<std::string, reference::Values> velocities;
  for (int step = 0; step < 2; ++step) {
    const auto gradients = reference.gradients(images, labels, run.options.loss);
    for (const auto& p : start.parameters()) {
      if (p.block == 0) continue;
      auto& value = reference.weights().at(p.name);
      auto& velocity = velocities[p.name];
      velocity.resize(value.size());
      for (std::size_t i = 0; i < value.size(); ++i) {
        const double decay = p.block < kBlocks ? 2 * (value[i] - first.at(p.name)[i]) : 0.4 * value[i];
        velocity[i] = 0.5 * velocity[i] + gradients.at(p.name)[i] + decay;
        value[i] -= run.options.rate * velocity[i];
      }
    }
  }
  const SafetensorsFile after(folder / "run" / "weights.safetensors");
  for (const auto& p : start.parameters()) {
    const auto got = after.read_floats(p.name);
    double moved = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double expected = reference.weights().at(p.name)[i];
      ASSERT_NEAR(got[i], expected, 2e-6 + 1e-5 * std::abs(expected)) << p.name << " " << i;
      moved += std::abs(expected - first.at(p.name)[i]);
    }
    EXPECT_EQ(moved == 0, p.block == 0) << p.name;
  }
}

// The nearer to the start, the larger alpha; a distance of zero would mean that nothing was trained.
TEST(L2Sp, HoldsTheWeightsNearTheirStart) {
  TempFolder folder;
  const auto device = cpu_device();
  std::vector<double> distances;
  for (const double alpha : {0.0, 0.3, 3.0}) {
    ToyRun run = held_run();
    run.options.l2_sp = alpha;
    const fs::path path = folder / fmt::format("{}", alpha);
    run.train(path);
    Network start(*device, run.architecture);
    initialise(start, 3);
    const SafetensorsFile after(path / "last.safetensors");
    double squared = 0;
    for (const auto& p : start.parameters()) {
      if (p.block == kBlocks) continue;
      const auto before = device->download(p.value), now = after.read_floats(p.name);
      for (std::size_t i = 0; i < now.size(); ++i) squared += std::pow(double(now[i]) - double(before[i]), 2);
    }
    distances.push_back(squared);
  }
  EXPECT_LT(distances[1], 0.9 * distances[0]);
  EXPECT_LT(distances[2], 0.5 * distances[1]);
  EXPECT_GT(distances[2], 0);
}

TEST(L2Sp, ResumesInTheSameBits) {
  TempFolder folder;
  const ToyRun run = held_run();
  run.train(folder / "whole");
  ToyRun first = run;
  first.options.loader_threads = 0;
  int fills = 0;
  first.training = std::make_shared<Watched>(run.training, [&fills](int, float*) {
    if (++fills == 40) throw std::runtime_error("broken off");  // in the third epoch
  });
  EXPECT_THROW(first.train(folder / "broken"), std::runtime_error);
  run.train(folder / "broken");
  EXPECT_EQ(contents(folder / "broken"), contents(folder / "whole"));
  ToyRun free = run;
  free.options.l2_sp = 0;
  free.train(folder / "free");
  EXPECT_NE(contents(folder / "free"), contents(folder / "whole"));
}

}  // namespace
}  // namespace palimpsest::nn
