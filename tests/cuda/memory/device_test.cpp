// The device from inside, on the emulated GPU.
#include <gtest/gtest.h>

#include "cuda/cuda_device.h"
#include "cuda/timer.h"
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

// Neither the loss nor the outcome of the update is awaited before it is read, nor is the work that came after it.
TEST(TrainingStep, DoesNotWait) {
  simt::set_device_memory(std::size_t{1} << 30);
  const auto device = make_device({});
  const auto architecture = nn::Architecture::vgg(16, 1.0 / 16, 32, {24}, 8);
  nn::Network network(*device, architecture);
  nn::initialise(network, 1);
  nn::TrainingStep step(network);
  data::Batch batch;
  batch.count = 2, batch.height = batch.width = 32;
  batch.images.assign(std::size_t{2} * 3 * 32 * 32, 0.25F);
  batch.labels.assign(2, 1);
  std::vector<Pending<LossResult>> losses;
  std::vector<Pending<int>> updates;
  for (int i = 0; i < 4; ++i) {
    losses.push_back(step.train(batch, nullptr, {2, {}}));
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
  simt::set_device_memory(std::size_t{16} << 20);  // as in the other tests here
}

// Batches of two sizes, as in an epoch. The first rounds are plain runs, in which plans get their memory; from the
// third on nothing is allocated on the GPU, not even while a step is recorded.
TEST(TrainingStep, AllocatesNothing) {
  simt::set_device_memory(std::size_t{1} << 30);
  const auto device = make_device({});
  const auto architecture = nn::Architecture::vgg(16, 1.0 / 16, 32, {24}, 8);
  nn::Network network(*device, architecture);
  nn::initialise(network, 1);
  nn::TrainingStep step(network);
  std::uint64_t after_two_turns = 0;
  for (int turn = 0; turn < 5; ++turn) {
    for (const int count : {3, 2}) {
      data::Batch batch;
      batch.count = count, batch.height = batch.width = 32;
      batch.images.assign(std::size_t(count) * 3 * 32 * 32, 0.25F * float(turn));
      batch.labels.assign(std::size_t(count), turn);
      step.train(batch, nullptr, {2, {}});
    }
    if (turn == 1) after_two_turns = simt::statistics().allocations;
  }
  EXPECT_GT(after_two_turns, 0u);
  EXPECT_EQ(simt::statistics().allocations, after_two_turns);
  simt::set_device_memory(std::size_t{16} << 20);  // as in the other tests here
}

}  // namespace
}  // namespace palimpsest::PALIMPSEST_CUDA
