#include <gtest/gtest.h>

#include "base/safetensors.h"
#include "nn/batch_upload.h"
#include "tests/nn/toy_run.h"
#include "tests/support/counting_device.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_devices.h"

// What training does only on a device with memory of its own and steps that form gradients.
namespace palimpsest::nn {
namespace {

// A head that steps form gradients of, and batches of two sizes.
ToyRun wide_run() {
  ToyRun run;
  run.architecture.hidden = {96, 70};
  run.options.momentum = 0.5;
  run.options.weight_decay = 0.01;
  run.options.augmentation = data::Augmentation::flip;
  run.options.epochs = 2;
  return run;
}

void expect_same(const fs::path& a, const fs::path& b) {
  const SafetensorsFile x(a / "last.safetensors"), y(b / "last.safetensors");
  ASSERT_EQ(x.names(), y.names());
  for (const auto& name : x.names()) EXPECT_EQ(x.read_floats(name), y.read_floats(name)) << name;
}

// Compilers for GPUs may round a step in another way than that of a stored gradient.
std::vector<TestDevice> emulated_devices() {
  std::vector<TestDevice> devices = test_devices();
  std::erase_if(devices, [](const TestDevice& device) { return !device.name.starts_with("cuda-emulated"); });
  return devices;
}

class StepsOfProducts : public testing::TestWithParam<TestDevice> {
 protected:
  std::unique_ptr<Device> device() const { return GetParam().make(); }
};

// The norm of the gradients is needed for clipping, here by nothing: all of them are stored.
TEST_P(StepsOfProducts, TrainAsStoredGradientsDo) {
  for (const bool head_only : {false, true}) {
    TempFolder folder;
    ToyRun run = wide_run();
    run.frozen.fill(head_only);
    run.options.epochs = 1;
    run.train(folder / "product", *device());
    run.options.clip_norm = 1e9;
    run.train(folder / "stored", *device());
    expect_same(folder / "product", folder / "stored");
  }
}

TEST_P(StepsOfProducts, StoreNoGradientOfWideLayers) {
  const auto device = this->device();
  Network network(*device, wide_run().architecture);
  initialise(network, 3);
  const auto backward = [&] {
    Trace trace = network.make_trace(2, 0);
    const Tensor labels = device->make({2, 1}, Layout::matrix);
    upload_labels(*device, std::vector{0, 1}, network.architecture().classes, labels);
    const Tensor gradient = device->make(trace.logits().shape, Layout::matrix);
    network.forward(trace);
    device->focal_loss({2, {}}, trace.logits(), labels, &gradient);
    network.backward(trace, gradient);
    return trace;
  };
  network.keep_gradients(false);
  const Trace trace = backward();
  for (const Parameter& p : network.parameters()) {
    const bool wide = p.name == "classifier.0.weight" || p.name == "classifier.3.weight";
    EXPECT_EQ(p.gradient.empty(), wide) << p.name;
    EXPECT_EQ(trace.product(p).plan != nullptr, wide) << p.name;
  }
  network.keep_gradients(true);
  const Trace stored = backward();
  for (const Parameter& p : network.parameters()) {
    EXPECT_FALSE(p.gradient.empty()) << p.name;
    EXPECT_EQ(stored.product(p).plan, nullptr) << p.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, StepsOfProducts, testing::ValuesIn(emulated_devices()),
                         [](const auto& on) { return test_name(on.param); });

// A GPU without room for features.
class Full final : public CountingDevice {
 public:
  using CountingDevice::CountingDevice;
  std::size_t free_bytes() const override { return 0; }
};

TEST(FeaturesOnGpu, AreTakenFromItsMemory) {
  TempFolder folder;
  ToyRun run = wide_run();
  run.frozen.fill(true);
  run.validation = toy_pictures(6, 4, 50);
  run.options.cache_limit = 1 << 20;
  const auto inner = emulated_devices().front().make();
  CountingDevice device(*inner);
  run.train(folder / "memory", device);
  // Pictures of 4 and 2 batches come once, those to learn from also mirrored.
  EXPECT_EQ(device.count("put_images"), 2 * 4 + 2);
  EXPECT_GT(device.count("take_images"), 0);
  EXPECT_EQ(device.count_layer("conv2d_forward", 0, 13), 2 * 4 + 2);
  Full full(*inner);
  run.train(folder / "file", full);
  EXPECT_EQ(full.count("put_images") + full.count("take_images"), 0);
  EXPECT_EQ(full.count_layer("conv2d_forward", 0, 13), 2 * 4 + 2);
  expect_same(folder / "memory", folder / "file");
  run.options.cache_limit = 0;
  run.train(folder / "again", *inner);
  expect_same(folder / "memory", folder / "again");
}

}  // namespace
}  // namespace palimpsest::nn
