// The device from inside, on the emulated GPU.
#include <gtest/gtest.h>

#include <memory>

#include "cuda/cuda_device.h"
#include "cuda/timer.h"
#include "lrp/explain.h"
#include "nn/training_step.h"
#include "nn/weights.h"
#include "simt/work.h"
#include "tests/support/expect_error.h"

namespace palimpsest::PALIMPSEST_CUDA {
namespace {

TEST(Device, RefusesPrecisionsThatTheGpuLacks) {
  simt::set_compute_capability(75);
  for (const Precision precision : {Precision::tf32, Precision::bf16})
    expect_error("compute capability 7.5", [&] { make_device({precision, {}}); });
  EXPECT_NO_THROW(make_device({}));
  simt::set_compute_capability(90);
  EXPECT_NO_THROW(make_device({Precision::bf16, {}}));
}

TEST(Timer, AnswersWhenAllWorkIsDone) {
  Context context(Precision::fp32);
  const DeviceBuffer buffer(context.pool, 64);
  const auto timer = make_timer(context);
  timer->start();
  for (int i = 0; i < 8; ++i) CUDA_CHECK(cudaMemsetAsync(buffer.data(), i, 64, context.stream.get()));
  timer->stop();
  EXPECT_EQ(cudaStreamQuery(context.stream.get()), cudaErrorNotReady) << "neither start nor stop waits";
  timer->seconds();
  EXPECT_EQ(cudaStreamQuery(context.stream.get()), cudaSuccess);
}

// Each run of a recording uses the memory that its step took and gave back, which is therefore not given to others.
TEST(Recording, KeepsItsTemporaries) {
  const auto device = make_device({});
  const Tensor x = device->make({1, 4096}, Layout::matrix, std::vector(4096, 0.5F));
  const Scalars to = device->make_scalars(1);
  const auto step = [&] { device->sum(x, to); };
  step();
  const auto before = simt::statistics().allocations;
  const auto recording = device->record(step);
  EXPECT_EQ(simt::statistics().allocations, before) << "what the first run gave back";
  std::vector<Tensor> others;
  for (int i = 0; i < 4; ++i) {  // as large as the blocks' sums
    others.push_back(device->make({1, 2 * 528}, Layout::matrix));
    device->fill(others.back(), 7);
  }
  recording->run();
  EXPECT_EQ(device->read(to, 1).front(), 2048);
  for (const Tensor& other : others) EXPECT_EQ(device->download(other), std::vector(2 * 528, 7.0F));
}

std::size_t free_memory() {
  std::size_t free = 0, total = 0;
  CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return free;
}

// A first product takes as much memory as the device says that copies of its operands do, the next none.
TEST(Device, SaysWhatCopiesTake) {
  const auto taken_by = [](const auto& run) {
    const std::size_t before = free_memory();
    run();
    return before - free_memory();
  };
  for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16})
    for (const LayerShape& layer : {LayerShape(Conv2dShape{2, 16, 8, 8, 24}), LayerShape(LinearShape{128, 25, 32})}) {
      const auto device = make_device({precision, {}});
      const auto plan = device->plan_layer(layer);
      const Tensor x = device->make(layer.input(), layer.layout()), y = device->make(layer.output(), layer.layout());
      const Tensor w = device->make(layer.weights(), layer.weights_layout());
      const Tensor b = device->make(layer.bias(), layer.vector_layout());
      const auto forward = [&] { plan->forward(x, w, b, false, y); };
      const std::size_t copies = device->copy_bytes(x.shape, x.layout) + device->copy_bytes(w.shape, w.layout);
      EXPECT_EQ(copies > 0, precision == Precision::bf16);
      EXPECT_EQ(taken_by(forward), copies) << word_of(precision);
      EXPECT_EQ(taken_by(forward), 0u) << word_of(precision);
    }
}

// Training steps of a small network, in memory that is enough for them.
class SmallTraining : public testing::TestWithParam<Precision> {
 protected:
  SmallTraining() { nn::initialise(network, 1); }
  ~SmallTraining() override { simt::set_device_memory(std::size_t{16} << 20); }  // as in the other tests here

  static data::Batch batch(int count, float value, int label) {
    data::Batch batch;
    batch.count = count, batch.height = batch.width = 32;
    batch.images.assign(std::size_t(count) * 3 * 32 * 32, value);
    batch.labels.assign(std::size_t(count), label);
    return batch;
  }
  static std::unique_ptr<Device> device_with_memory() {
    simt::set_device_memory(std::size_t{1} << 30);
    return make_device({GetParam(), {}});
  }

  const std::unique_ptr<Device> device = device_with_memory();
  nn::Network network{*device, nn::Architecture::vgg(16, 1.0 / 16, 32, {24}, 8)};
  nn::TrainingStep step{network};
};

// Neither the loss nor the outcome of the update is awaited before it is read, nor is the work that came after it.
TEST_P(SmallTraining, DoesNotWait) {
  std::vector<Pending<LossResult>> losses;
  std::vector<Pending<int>> updates;
  for (int i = 0; i < 4; ++i) {
    losses.push_back(step.train(batch(2, 0.25F, 1), nullptr, {2, {}}));
    std::vector<SgdParameter> parameters;
    for (const auto& p : network.parameters()) parameters.push_back({p.value, p.gradient, {}});
    const auto run = [] { return simt::statistics().launches; };  // the queue only runs when the host waits
    const auto before = run();
    updates.push_back(device->sgd_step(parameters, {.rate = 0.1, .clip_norm = 1}));
    if (i < 2) continue;  // plans get their memory, then a step is recorded
    EXPECT_EQ(run(), before) << "enqueued";
    EXPECT_EQ(updates[std::size_t(i) - 1].get(), -1);
    const auto earlier = run();
    EXPECT_EQ(updates[std::size_t(i)].get(), -1);
    EXPECT_LT(earlier, run()) << "this step's work was not awaited with the last one's";
  }
  EXPECT_LT(losses[3].get().loss, losses[0].get().loss);
}

// Batches of two sizes, as in an epoch. The first rounds are plain runs, in which plans get their memory; from the
// third on nothing is allocated on the GPU, not even while a step is recorded.
TEST_P(SmallTraining, AllocatesNothing) {
  std::uint64_t after_two_turns = 0;
  for (int turn = 0; turn < 5; ++turn) {
    for (const int count : {3, 2}) step.train(batch(count, 0.25F * float(turn), turn), nullptr, {2, {}});
    if (turn == 1) after_two_turns = simt::statistics().allocations;
  }
  EXPECT_GT(after_two_turns, 0u);
  EXPECT_EQ(simt::statistics().allocations, after_two_turns);
}

// The way down is recorded when the same trace comes again: from then on it is one launch of a graph and allocates
// nothing, and new weights are mapped first.
TEST_P(SmallTraining, RelevanceIsRecorded) {
  nn::Trace trace = network.make_trace(2, 0);
  lrp::Explainer explainer(network, lrp::composite_named("study"), lrp::dialect_named("zennit"));
  const auto explain = [&](int seed) {
    nn::initialise(network, std::uint64_t(seed));
    device->fill(trace.input(), 0.25F);
    network.forward(trace);
    return explainer.explain(trace, std::vector<lrp::Targets>{{1, 2}, {0, 3}});
  };
  const auto first = explain(1);
  const auto second = explain(2);
  const auto before = simt::statistics().allocations;
  for (const auto& [seed, expected] : {std::pair(1, &first), std::pair(2, &second)}) {
    const auto again = explain(seed);
    EXPECT_EQ(again.maps, expected->maps);
    for (std::size_t i = 0; i < again.ledger.layers.size(); ++i) {
      EXPECT_EQ(again.ledger.layers[i].relevance_out, expected->ledger.layers[i].relevance_out);
      EXPECT_EQ(again.ledger.layers[i].to_bias, expected->ledger.layers[i].to_bias);
    }
  }
  EXPECT_NE(first.maps, second.maps);
  EXPECT_EQ(simt::statistics().allocations, before);
}

INSTANTIATE_TEST_SUITE_P(Precisions, SmallTraining, testing::Values(Precision::fp32, Precision::bf16),
                         [](const auto& one) { return std::string(word_of(one.param)); });

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
