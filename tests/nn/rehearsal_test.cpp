#include "nn/rehearsal.h"

#include <gtest/gtest.h>

#include "base/safetensors.h"
#include "tests/nn/reference_network.h"
#include "tests/nn/toy_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

// Training beside images of an earlier task (--rehearse).
namespace palimpsest::nn {
namespace {

// A toy network for four classes, and an earlier head of three on the same blocks, which has a hidden layer less.
struct Pair {
  std::unique_ptr<Device> device = cpu_device();
  std::unique_ptr<Network> network, earlier;
  Rehearsed rehearsed;

  explicit Pair(const ToyRun& run) {
    network = std::make_unique<Network>(*device, run.architecture);
    initialise(*network, 3);
    network->set_frozen(run.frozen);
    Architecture head = run.architecture;
    head.hidden = {};
    head.classes = 3;
    earlier = std::make_unique<Network>(*network, head);
    initialise_head(*earlier, 17);
    rehearsed = {earlier.get(), toy_pictures(11, 3, 5), 4, 0.5};
  }
  void train(const ToyRun& run, const fs::path& folder) const {
    Progress::silence(true);
    RunFolder of(folder, run.config, run.resume);
    nn::train(*network, run.options, run.training, run.validation, {}, of, &rehearsed);
  }
};

struct Images {
  reference::Values values;
  std::vector<int> labels;
};
Images all_of(const data::Examples& examples, const Normalisation& normalisation) {
  Images all;
  for (int i = 0; i < examples.count(); ++i) {
    std::vector<float> one(3 * std::size_t(examples.height()) * std::size_t(examples.width()));
    examples.fill(i, {}, normalisation, one.data());
    all.values.insert(all.values.end(), one.begin(), one.end());
    all.labels.push_back(examples.label(i));
  }
  return all;
}

// In double: the blocks' gradient is that of loss + weight * rehearsed loss; each head has its own loss's.
TEST(Rehearsal, AddsTheGradientOfTheRehearsedLoss) {
  ToyRun run;
  run.frozen = {true, false, true, false, false};
  Pair pair(run);
  pair.rehearsed.images = pair.rehearsed.examples->count();
  const FocalLoss loss{2, {0.5F, 1, 1.5F, 1}};
  auto ours = ReferenceNetwork::like(*pair.network), theirs = ReferenceNetwork::like(*pair.earlier);
  const Images now = all_of(*run.training, run.options.normalisation);
  const Images before = all_of(*pair.rehearsed.examples, run.options.normalisation);
  const auto new_part = ours.gradients(now.values, now.labels, loss);
  const auto old_part = theirs.gradients(before.values, before.labels, {2, {}});

  data::LoaderOptions loading;
  loading.normalisation = run.options.normalisation;
  loading.batch = run.training->count();
  loading.shuffle = false;
  data::Loader loader(run.training, loading);
  Rehearsal rehearsal(*pair.network, pair.rehearsed, loading);
  loader.start_epoch(0);
  rehearsal.start_epoch(0, 1);
  data::Batch batch;
  ASSERT_TRUE(loader.next(batch));
  TrainingStep step(*pair.network);
  step.train(batch, nullptr, loss);
  const LossResult rehearsed = rehearsal.add_gradients(loss).get();
  EXPECT_NEAR(rehearsed.loss, theirs.loss(before.values, before.labels, {2, {}}), 1e-5);

  const auto compare = [&](const Parameter& p, auto&& expected) {
    const auto got = pair.device->download(p.gradient);
    double largest = 0;
    for (std::size_t i = 0; i < got.size(); ++i) largest = std::max(largest, std::abs(expected(i)));
    ASSERT_GT(largest, 0) << p.name;
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected(i), 1e-5 * largest + 1e-8) << p.name;
  };
  for (const auto& p : pair.network->parameters()) {
    if (!pair.network->trained(p.block)) continue;
    compare(p, [&](std::size_t i) {
      return new_part.at(p.name)[i] + (p.block < kBlocks ? 0.5 * old_part.at(p.name)[i] : 0);
    });
  }
  for (const auto& p : pair.earlier->parameters())
    if (p.block == kBlocks) compare(p, [&](std::size_t i) { return 0.5 * old_part.at(p.name)[i]; });
}

TEST(Rehearsal, TheTwoNetworksShareTheirBlocks) {
  TempFolder folder;
  ToyRun run;
  run.frozen = {true, false, false, false, false};
  const Pair pair(run);
  const auto old_head = pair.device->download(pair.earlier->parameters().back().value);
  const auto old_block = pair.device->download(pair.network->parameters()[4].value);
  pair.train(run, folder / "run");
  EXPECT_NE(pair.device->download(pair.earlier->parameters().back().value), old_head) << "the earlier head is trained";
  EXPECT_NE(pair.device->download(pair.network->parameters()[4].value), old_block);
  for (std::size_t i = 0; i < pair.network->parameters().size(); ++i)
    if (const Parameter& p = pair.network->parameters()[i]; p.block < kBlocks) {
      EXPECT_EQ(pair.device->download(p.value), pair.device->download(pair.earlier->parameters()[i].value));
    }
  const auto line = metrics(folder / "run").back();
  EXPECT_TRUE(line.contains("rehearsed_loss") && line.contains("rehearsed_accuracy")) << line.dump();
}

// What rehearsal is for: the earlier head still works after the run.
TEST(Rehearsal, KeepsTheEarlierTask) {
  ToyRun run;
  run.options.rate = 0.02;
  run.options.momentum = 0.9;
  run.options.clip_norm = 1;
  run.options.epochs = 40;
  run.options.batch = 8;
  TempFolder folder;
  Pair pair(run);
  pair.rehearsed.weight = 1;
  pair.train(run, folder / "run");
  const auto line = metrics(folder / "run").back();
  EXPECT_GT(line.at("rehearsed_accuracy"), 0.9) << line.dump();
  EXPECT_GT(line.at("train_accuracy"), 0.9) << line.dump();
}

TEST(Rehearsal, ResumesInTheSameBits) {
  for (const double momentum : {0.0, 0.9}) {
    TempFolder folder;
    ToyRun run = varied_run();
    run.options.momentum = momentum;
    run.options.l2_sp = 0.1;
    Pair(run).train(run, folder / "whole");
    ToyRun broken = run;
    broken.options.loader_threads = 0;
    int fills = 0;
    broken.training = std::make_shared<Watched>(run.training, [&fills](int, float*) {
      if (++fills == 40) throw std::runtime_error("broken off");  // in the third epoch
    });
    EXPECT_THROW(Pair(run).train(broken, folder / "broken"), std::runtime_error);
    Pair(run).train(run, folder / "broken");
    EXPECT_EQ(contents(folder / "broken"), contents(folder / "whole")) << "momentum " << momentum;
    run.train(folder / "without");
    EXPECT_NE(contents(folder / "without").at("weights.safetensors"),
              contents(folder / "whole").at("weights.safetensors"));
  }
}

// 11 images, 4 a step: an order has two steps, and an epoch of 5 steps takes three orders.
TEST(Rehearsal, EveryImageIsShownAboutEquallyOften) {
  ToyRun run;
  Pair pair(run);
  std::vector<int> shown(11, 0);
  pair.rehearsed.examples =
      std::make_shared<Watched>(pair.rehearsed.examples, [&](int index, float*) { ++shown[std::size_t(index)]; });
  data::LoaderOptions loading;
  loading.threads = 0;
  Rehearsal rehearsal(*pair.network, pair.rehearsed, loading);
  data::LoaderOptions all = loading;
  all.batch = 16;
  data::Loader loader(run.training, all);
  loader.start_epoch(0);
  data::Batch batch;
  ASSERT_TRUE(loader.next(batch));
  TrainingStep(*pair.network).train(batch, nullptr, {});
  int steps = 0;
  for (int epoch = 0; epoch < 40; ++epoch) {
    rehearsal.start_epoch(epoch, 5);
    for (int step = 0; step < 5; ++step, ++steps) rehearsal.add_gradients({});
  }
  int total = 0;
  for (const int times : shown) {
    total += times;
    EXPECT_NEAR(times, 200 * 4 / 11.0, 15);
  }
  EXPECT_EQ(total, steps * 4);
}

TEST(Rehearsal, NeedsAsManyImagesAsAStepShows) {
  ToyRun run;
  Pair pair(run);
  pair.rehearsed.images = 12;
  expect_error_with({"--rehearse-images 12", "11 images"}, [&] { Rehearsal(*pair.network, pair.rehearsed, {}); });
}

}  // namespace
}  // namespace palimpsest::nn
