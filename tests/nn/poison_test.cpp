#include <gtest/gtest.h>

#include <limits>

#include "base/safetensors.h"
#include "nn/inference.h"
#include "tests/nn/toy_run.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

// One value that is not finite, in each layer in turn, is always detected.
namespace palimpsest::nn {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

void poison(Network& network, std::size_t parameter, float value) {
  const Tensor& tensor = network.parameters()[parameter].value;
  auto values = network.device().download(tensor);
  values[values.size() / 2] = value;
  network.device().upload(tensor, values);
}

std::size_t parameters_of(const ToyRun& run) {
  return 2 * layers_with_weights(run.architecture).size();
}

class Poison : public testing::Test {
 protected:
  Poison() { run_.architecture.hidden = {16, 12}; }  // 13 convolutions and 3 fully connected layers
  std::unique_ptr<Network> network(std::size_t parameter, float value) {
    auto network = std::make_unique<Network>(*device_, run_.architecture);
    initialise(*network, 3);
    poison(*network, parameter, value);
    return network;
  }
  ToyRun run_;
  std::unique_ptr<Device> device_ = cpu_device();
};

TEST_F(Poison, TrainingStopsAndNamesStepAndLayer) {
  Progress::silence(true);
  ASSERT_EQ(parameters_of(run_), 32u);
  for (const float value : {kNan, kInf})
    for (std::size_t i = 0; i < parameters_of(run_); ++i) {
      TempFolder folder;
      const auto net = network(i, value);
      const std::string name = net->parameters()[i].name;
      SCOPED_TRACE(name);
      expect_error("step 1", [&] { run_.train(folder / "run", *net); });
      try {
        run_.train(folder / "run", *net);
        ADD_FAILURE();
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(name));
      }
      EXPECT_FALSE(fs::exists(folder / "run" / "weights.safetensors"));
      EXPECT_FALSE(fs::exists(folder / "run" / "last.safetensors"));
    }
}

TEST_F(Poison, InFrozenBlocksToo) {
  Progress::silence(true);
  run_.frozen.fill(true);
  for (std::size_t i = 0; i < parameters_of(run_); ++i) {
    TempFolder folder;
    const auto net = network(i, kNan);
    net->set_frozen(run_.frozen);
    expect_error(net->parameters()[i].name, [&] { run_.train(folder / "run", *net); });
  }
}

TEST_F(Poison, AfterTheFirstEpochThatIsUnharmed) {
  Progress::silence(true);
  TempFolder folder;
  run_.options.epochs = 1;
  run_.options.loader_threads = 0;
  const auto good = std::make_unique<Network>(*device_, run_.architecture);
  initialise(*good, 3);
  run_.train(folder / "one", *good);
  run_.options.epochs = 3;
  int fills = 0;
  const auto net = std::make_unique<Network>(*device_, run_.architecture);
  initialise(*net, 3);
  run_.training = std::make_shared<Watched>(toy_pictures(16), [&](int, float* values) {
    if (++fills > 25) values[7] = kNan;
  });
  // Step 6 is in the second epoch (16 pictures in batches of 5).
  expect_error("stopped at step 6", [&] { run_.train(folder / "run", *net); });
  const SafetensorsFile a(folder / "one" / "last.safetensors"), b(folder / "run" / "last.safetensors");
  for (const auto& name : a.names()) EXPECT_EQ(a.read_floats(name), b.read_floats(name)) << name;
}

TEST_F(Poison, ARateThatBlowsUpIsAnError) {
  Progress::silence(true);
  TempFolder folder;
  run_.options.rate = 1e30;
  run_.options.epochs = 50;
  expect_error("not finite", [&] { run_.train(folder / "run"); });
}

// Pictures cannot hold NaN and arrays are tested as they are read (a fused ReLU would hide it in a forward pass), so
// here the classifier is corrupted between training and validation.
TEST_F(Poison, ShowsInTheValidationLoss) {
  Progress::silence(true);
  TempFolder folder;
  const auto net = std::make_unique<Network>(*device_, run_.architecture);
  initialise(*net, 3);
  run_.options.loader_threads = 0;
  run_.validation = std::make_shared<Watched>(toy_pictures(4), [&](int, float*) { poison(*net, 30, kNan); });
  expect_error("validation loss is not finite, first seen in classifier.6.weight",
               [&] { run_.train(folder / "run", *net); });
  EXPECT_FALSE(fs::exists(folder / "run" / "weights.safetensors"));
}

TEST_F(Poison, WeightFilesAreRefused) {
  TempFolder folder;
  for (std::size_t i = 0; i < parameters_of(run_); ++i)
    for (const float value : {kNan, -kInf}) {
      const auto net = network(i, value);
      save_weights(*net, folder / "w.safetensors", {});
      const std::string name = net->parameters()[i].name;
      expect_error(name, [&] { load_network(*device_, folder / "w.safetensors"); });
      expect_error(name, [&] { take_weights(*net, SafetensorsFile(folder / "w.safetensors"), HeadInit::keep); });
    }
}

TEST_F(Poison, InferenceNamesTheLayer) {
  Progress::silence(true);
  for (const std::size_t layer : {13u, 14u, 15u}) {
    const auto net = network(2 * layer, kNan);
    expect_error(net->parameters()[2 * layer].name, [&] { infer(*net, toy_pictures(3), {}, [](const Outputs&) {}); });
  }
}

}  // namespace
}  // namespace palimpsest::nn
