#include "nn/trainer.h"
#include "base/safetensors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "nn/inference.h"
#include "tests/nn/toy_run.h"
#include "tests/support/counting_device.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/reference_ops.h"
#include "tests/support/remarks.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

Validation validation_of(const fs::path& weights, const std::shared_ptr<const data::Examples>& examples,
                         const FocalLoss& loss) {
  const auto device = cpu_device();
  const auto network = load_network(*device, weights);
  InferenceOptions options;
  options.batch = examples->count();
  Validation result(network->architecture().classes);
  infer(*network, examples, options, [&](const Outputs& outputs) {
    std::vector<int> labels;
    for (int i = 0; i < examples->count(); ++i) labels.push_back(examples->label(i));
    const double mean = reference::focal_loss(loss, network->architecture().classes,
                                              {outputs.logits.begin(), outputs.logits.end()}, labels)
                            .loss;
    result.add({mean, 0}, labels, outputs.logits);
  });
  return result;
}

TEST(Trainer, LearnsSixteenPicturesByHeart) {
  TempFolder folder;
  ToyRun run;
  run.options.rate = 0.02;
  run.options.momentum = 0.9;
  run.options.epochs = 60;
  run.options.clip_norm = 1;
  run.options.batch = 8;
  run.train(folder / "run");
  const auto last = metrics(folder / "run").back();
  EXPECT_EQ(last.at("train_accuracy"), 1.0) << last.dump();
  EXPECT_LT(last.at("train_loss"), 0.05) << last.dump();
}

TEST(Trainer, TheSameSeedGivesTheSameBytesAndAnotherDoesNot) {
  TempFolder folder;
  ToyRun run = varied_run();
  run.train(folder / "a");
  run.options.loader_threads = 0;
  run.train(folder / "b");
  EXPECT_EQ(contents(folder / "a"), contents(folder / "b"));
  run.options.seed = 2;
  run.train(folder / "c");
  EXPECT_NE(contents(folder / "a").at("weights.safetensors"), contents(folder / "c").at("weights.safetensors"));
}

// What each --keep keeps of one run, recomputed from the weights, is the best of the lines in metrics.jsonl.
TEST(Trainer, KeepsTheEpochThatIsAskedFor) {
  TempFolder folder;
  ToyRun run;
  run.validation = toy_pictures(10, 4, 99);
  run.options.rate = 0.015;
  run.options.momentum = 0.9;
  run.options.epochs = 12;
  std::map<Keep, std::string> kept;
  for (const auto& [name, keep] : words(Keep{})) {
    run.options.keep = keep;
    const fs::path path = folder / std::string(name);
    run.train(path);
    kept[keep] = contents(path).at("weights.safetensors");
    const auto lines = metrics(path);
    const Validation again = validation_of(path / "weights.safetensors", run.validation, run.options.loss);
    if (keep == Keep::last) {
      EXPECT_NEAR(again.loss(), lines.back().at("validation_loss"), 1e-6);
      continue;
    }
    const auto score = [&](const nlohmann::json& line) {
      return keep == Keep::loss ? -line.at("validation_loss").get<double>()
                                : line.at("validation_" + std::string(name)).get<double>();
    };
    double best = score(lines[0]);
    for (const auto& line : lines) best = std::max(best, score(line));
    EXPECT_NEAR(again.score(keep), best, 1e-6) << name;
    EXPECT_LT(score(lines[0]), best) << "the first epoch is the best, so this proves little";
  }
  EXPECT_NE(kept[Keep::last], kept[Keep::loss]) << "so this proves little";
}

TEST(Trainer, WithoutAValidationPartTheLastEpochIsKept) {
  TempFolder folder;
  ToyRun run;
  run.options.keep = Keep::recall;
  const auto device = cpu_device();
  Network network(*device, run.architecture);
  initialise(network, 3);
  Progress::silence(false);
  const std::string said = remarks_of([&] { run.train(folder / "run", network); });
  Progress::silence(true);
  EXPECT_NE(said.find("--keep recall: the last epoch is kept, because the data have no validation part."), said.npos)
      << said;
  EXPECT_TRUE(fs::exists(folder / "run" / "weights.safetensors"));
}

TEST(Trainer, StopsEarlyAndKeepsTheLowestValidationLoss) {
  TempFolder folder;
  ToyRun run;
  run.options.keep = Keep::loss;
  run.validation = toy_pictures(8, 4, 99);
  run.options.rate = 0.05;
  run.options.momentum = 0.9;
  run.options.epochs = 60;
  run.options.patience = 3;
  run.train(folder / "run");
  const auto lines = metrics(folder / "run");
  std::size_t best = 0;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].at("validation_loss") < lines[best].at("validation_loss")) best = i;
  ASSERT_LT(lines.size(), 60u) << "it never stopped early, so this proves nothing";
  EXPECT_EQ(lines.size(), best + 1 + 3);
  const double loss = validation_of(folder / "run" / "weights.safetensors", run.validation, run.options.loss).loss();
  EXPECT_NEAR(loss, lines[best].at("validation_loss"), 1e-6);
  EXPECT_NE(contents(folder / "run").at("weights.safetensors"), contents(folder / "run").at("last.safetensors"));
}

TEST(Trainer, StopsAfterSoManyStepsAndWritesTheirGradients) {
  TempFolder folder;
  ToyRun run;
  run.options.batch = 3;
  run.options.steps = 8;  // an epoch has 6
  run.options.gradients = folder / "g.safetensors";
  run.train(folder / "run");
  EXPECT_EQ(metrics(folder / "run").size(), 2u);
  const SafetensorsFile gradients(folder / "g.safetensors"), weights(folder / "run" / "weights.safetensors");
  EXPECT_EQ(gradients.names(), weights.names());
  EXPECT_EQ(gradients.metadata().at("content"), "gradients") << "they are not mistaken for weights";
  for (const auto& name : gradients.names()) EXPECT_EQ(gradients.info(name).shape, weights.info(name).shape) << name;

  // One step by hand: w - rate * g.
  run.options.steps = 1;
  run.options.gradients = folder / "g1.safetensors";
  run.train(folder / "one");
  const SafetensorsFile first(folder / "g1.safetensors"), after(folder / "one" / "weights.safetensors");
  const auto device = cpu_device();
  Network start(*device, run.architecture);
  initialise(start, 3);
  for (const auto& p : start.parameters()) {
    const auto before = device->download(p.value), g = first.read_floats(p.name), w = after.read_floats(p.name);
    for (std::size_t i = 0; i < w.size(); ++i)
      ASSERT_FLOAT_EQ(w[i], before[i] - float(run.options.rate) * g[i]) << p.name;
  }
}

TEST(Trainer, WritesGradientsOfTrainedBlocksOnly) {
  TempFolder folder;
  ToyRun run;
  run.frozen = {true, true, false, true, false};
  run.options.steps = 1;
  run.options.gradients = folder / "g.safetensors";
  run.train(folder / "run");
  const SafetensorsFile gradients(folder / "g.safetensors");
  for (const Layer& layer : layers_with_weights(run.architecture))
    EXPECT_EQ(gradients.has(layer.name + ".weight"), layer.block == kBlocks || !run.frozen[std::size_t(layer.block)])
        << layer.name;
}

// Frozen weights stay bit-identical.
TEST(Trainer, LeavesFrozenBlocksAlone) {
  for (int k = 0; k <= kBlocks; ++k) {
    TempFolder folder;
    ToyRun run;
    for (int block = 0; block < k; ++block) run.frozen[std::size_t(block)] = true;
    run.options.weight_decay = 0.01;
    run.options.momentum = 0.5;
    run.options.epochs = 2;
    run.train(folder / "run");
    const auto device = cpu_device();
    Network start(*device, run.architecture);
    initialise(start, 3);
    const SafetensorsFile after(folder / "run" / "last.safetensors");
    for (const auto& p : start.parameters())
      if (p.name.ends_with("weight")) {
        EXPECT_EQ(device->download(p.value) == after.read_floats(p.name), p.block < k) << p.name << " B" << k;
      }
  }
}

TEST(Trainer, ADeadNetworkIsNotTakenForATrainedOne) {
  TempFolder folder;
  ToyRun run;
  run.validation = toy_pictures(7, 4, 99);
  const auto device = cpu_device();
  const auto train_dead = [&] {
    Network network(*device, run.architecture);
    initialise(network, 3);
    run.frozen.fill(true);
    network.set_frozen(run.frozen);
    for (const auto& p : network.parameters())
      if (p.block < kBlocks) device->fill(p.value, 0);
    run.train(folder / "run", network);
  };
  for (const char* call : {"first", "resumed"}) {
    SCOPED_TRACE(call);
    expect_error("run has learned nothing", train_dead);
    EXPECT_EQ(metrics(folder / "run").size(), 2U) << "the last epoch is trained again";
  }
}

TEST(Trainer, ClipsTheGradientToTheNorm) {
  TempFolder folder;
  ToyRun run;
  run.options.steps = 1;
  run.options.rate = 1;
  run.options.clip_norm = 1e-3;
  run.train(folder / "run");
  const auto device = cpu_device();
  Network start(*device, run.architecture);
  initialise(start, 3);
  const SafetensorsFile after(folder / "run" / "weights.safetensors");
  double squared = 0;
  for (const auto& p : start.parameters()) {
    const auto before = device->download(p.value), w = after.read_floats(p.name);
    for (std::size_t i = 0; i < w.size(); ++i) squared += std::pow(double(w[i]) - double(before[i]), 2);
  }
  EXPECT_NEAR(std::sqrt(squared), 1e-3, 2e-5);
}

TEST(Trainer, SchedulesRateAndGamma) {
  TrainOptions o;
  o.rate = 0.8;
  o.warmup_steps = 4;
  o.epochs = 10;
  o.slow_epochs = 3;
  o.plain_epochs = 2;
  o.loss.gamma = 5;
  EXPECT_DOUBLE_EQ(scheduled_rate(o, 0, 0), 0.2);
  EXPECT_DOUBLE_EQ(scheduled_rate(o, 0, 3), 0.8);
  EXPECT_DOUBLE_EQ(scheduled_rate(o, 6, 100), 0.8);
  EXPECT_DOUBLE_EQ(scheduled_rate(o, 7, 100), 0.08);
  EXPECT_EQ(scheduled_gamma(o, 1), 0);
  EXPECT_EQ(scheduled_gamma(o, 2), 5);
}

// --- what freezing all blocks saves ---

class AllFrozen : public testing::Test {
 protected:
  AllFrozen() {
    run_.frozen.fill(true);
    run_.options.epochs = 3;
    run_.options.batch = 5;                    // 16 pictures: 4 batches
    run_.validation = toy_pictures(6, 4, 50);  // 2 batches
  }
  int forwards(const fs::path& folder) {
    const auto inner = cpu_device();
    CountingDevice device(*inner);
    run_.train(folder, device);
    EXPECT_EQ(device.count("conv2d_backward_weights") + device.count("conv2d_backward_data"), 0);
    for (int layer = 1; layer < 13; ++layer)
      EXPECT_EQ(device.count_layer("conv2d_forward", layer, 13), device.count_layer("conv2d_forward", 0, 13));
    return device.count_layer("conv2d_forward", 0, 13);
  }
  static void expect_close(const fs::path& a, const fs::path& b) {
    const SafetensorsFile x(a / "last.safetensors"), y(b / "last.safetensors");
    for (const auto& name : x.names()) {
      const auto v = x.read_floats(name), w = y.read_floats(name);
      for (std::size_t i = 0; i < v.size(); ++i) ASSERT_NEAR(v[i], w[i], 1e-5) << name;
    }
  }
  ToyRun run_;
};

TEST_F(AllFrozen, FeaturesAreComputedOncePerPictureAndFlip) {
  TempFolder folder;
  run_.options.augmentation = data::Augmentation::flip;
  run_.options.cache_limit = 1 << 20;
  EXPECT_EQ(forwards(folder / "kept"), 2 * 4 + 2);
  run_.options.cache_limit = 100;
  EXPECT_EQ(forwards(folder / "again"), 3 * (4 + 2));
  expect_close(folder / "kept", folder / "again");
}

TEST_F(AllFrozen, WithoutFlipsOncePerPicture) {
  TempFolder folder;
  run_.options.cache_limit = 1 << 20;
  EXPECT_EQ(forwards(folder / "kept"), 4 + 2);
  run_.options.cache_limit = 0;
  EXPECT_EQ(forwards(folder / "again"), 3 * (4 + 2));
  expect_close(folder / "kept", folder / "again");
}

TEST_F(AllFrozen, OtherAugmentationNeedsThemEachTime) {
  TempFolder folder;
  run_.options.augmentation = data::Augmentation::keras;
  run_.options.cache_limit = 1 << 20;
  EXPECT_EQ(forwards(folder / "run"), 3 * (4 + 2));
}

TEST_F(AllFrozen, TheLimitIsInBytes) {
  TempFolder folder;
  const std::uint64_t bytes = (16 * 2 + 6) * std::uint64_t(run_.architecture.features()) * sizeof(float);
  run_.options.augmentation = data::Augmentation::flip;
  run_.options.cache_limit = bytes;
  EXPECT_EQ(forwards(folder / "kept"), 2 * 4 + 2);
  run_.options.cache_limit = bytes - 1;
  EXPECT_EQ(forwards(folder / "again"), 3 * (4 + 2));
}

}  // namespace
}  // namespace palimpsest::nn
