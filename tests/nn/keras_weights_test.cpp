#include "nn/keras_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/npy.h"
#include "cpu/device.h"
#include "nn/keras_layers.h"
#include "nn/weights.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

const fs::path kFolder = fs::path(GOLDENS_FOLDER) / "keras";

class KerasFiles : public testing::Test {
 protected:
  std::vector<float> logits(Network& network) {
    const NpyArray x = read_npy(kFolder / "x.npy");
    Trace trace = network.make_trace(int(x.shape[0]), kBlocks);
    device_->upload(trace.input(), x.floats());
    network.forward(trace);
    return device_->download(trace.logits());
  }
  std::vector<float> values(const Network& network, const std::string& name) {
    for (const auto& p : network.parameters())
      if (p.name == name) return device_->download(p.value);
    return {};
  }
  TempFolder folder_;
  std::unique_ptr<Device> device_ = make_cpu_device(1);
};

// The logits that Keras' layout of the same numbers gives (tests/goldens/make_keras_weights.py).
TEST_F(KerasFiles, AWholeModelGivesItsLogits) {
  const auto expected = read_npy(kFolder / "logits.npy").floats();
  for (const char* name : {"model.h5", "keras3.weights.h5"}) {
    const auto network = load_network(*device_, kFolder / name);
    EXPECT_EQ(network->architecture().size, 64) << name;
    EXPECT_EQ(network->architecture().hidden, (std::vector<int>{5, 4})) << name;
    EXPECT_EQ(network->architecture().classes, 3) << name;
    const auto got = logits(*network);
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-4 * 6) << name << " " << i;
  }
}

TEST_F(KerasFiles, WantKerasNormalisation) {
  for (const char* name : {"model.h5", "notop.h5", "nested.h5", "keras3.weights.h5"})
    EXPECT_EQ(notes_of(*open_weights(kFolder / name)).normalisation, "caffe") << name;
}

TEST_F(KerasFiles, ConvolutionsAloneStartANetworkButAreNone) {
  const auto notop = open_weights(kFolder / "notop.h5");
  EXPECT_EQ(architecture_of(*notop).classes, 0);
  EXPECT_EQ(architecture_of(*notop).size, 224);
  expect_error("holds convolutions only", [&] { load_network(*device_, kFolder / "notop.h5"); });

  Architecture a = architecture_of(*notop);
  a.size = 64;
  a.hidden = {5};
  a.classes = 2;
  Network network(*device_, a);
  initialise(network, 1);
  const auto taken = take_weights(network, *notop, HeadInit::keep);
  EXPECT_EQ(taken.taken.size(), 26U);
  EXPECT_EQ(taken.left.size(), 4U);
  const auto whole = load_network(*device_, kFolder / "model.h5");
  for (const auto& p : network.parameters())
    if (p.block < kBlocks) {
      EXPECT_EQ(device_->download(p.value), values(*whole, p.name)) << p.name;
    }
}

// A head of one dense layer that takes the flattened pictures itself.
TEST_F(KerasFiles, AModelWithinAModel) {
  const KerasWeights nested(kFolder / "nested.h5");
  EXPECT_EQ(nested.info("features.28.weight").shape, (std::vector<std::int64_t>{6, 6, 3, 3}));
  EXPECT_EQ(nested.info("classifier.0.weight").shape, (std::vector<std::int64_t>{3, 24}));
  const auto network = load_network(*device_, kFolder / "nested.h5");
  EXPECT_TRUE(network->architecture().hidden.empty());
  EXPECT_EQ(network->architecture().size, 64);
}

TEST_F(KerasFiles, SavedAgainAreSafetensors) {
  const auto network = load_network(*device_, kFolder / "model.h5");
  save_weights(*network, folder_ / "w.safetensors", notes_of(*open_weights(kFolder / "model.h5")));
  const auto again = load_network(*device_, folder_ / "w.safetensors");
  EXPECT_EQ(logits(*again), logits(*network));
  EXPECT_EQ(notes_of(*open_weights(folder_ / "w.safetensors")).normalisation, "caffe");
}

TEST_F(KerasFiles, PathsToLayers) {
  const auto is = [](const char* path, bool dense, int number) {
    const auto layer = keras_layer(path);
    return layer && layer->dense == dense && layer->number == number;
  };
  EXPECT_TRUE(is("block1_conv1/block1_conv1_W_1:0", false, 0));
  EXPECT_TRUE(is("model_weights/vgg16/block5_conv3/kernel:0", false, 12));
  EXPECT_TRUE(is("fc2/fc2/bias:0", true, 1));
  EXPECT_TRUE(is("layers/conv2d/vars/0", false, 0));
  EXPECT_TRUE(is("layers/conv2d_12/vars/1", false, 12));
  EXPECT_TRUE(is("layers/dense_2/vars/0", true, 2));
  for (const char* other : {"layers/conv2d_13/vars/0", "layers/conv2d_1x/vars/0", "layers/conv2d_/vars/0",
                            "conv2d_1/kernel:0", "optimizer_weights/fc1/kernel:0", "layers/dense_3/vars/0", "", "/"})
    EXPECT_FALSE(keras_layer(other)) << other;
}

TEST_F(KerasFiles, OtherFilesAreRefusedByName) {
  write_unsynced(folder_ / "cut.h5", read_file(kFolder / "model.h5").substr(0, 700));
  expect_error("cut.h5", [&] { load_network(*device_, folder_ / "cut.h5"); });
  write_unsynced(folder_ / "text.h5", "no HDF5 at all");
  expect_error("text.h5", [&] { load_network(*device_, folder_ / "text.h5"); });
  expect_error("gone.h5", [&] { load_network(*device_, folder_ / "gone.h5"); });
  expect_error("it has no fc9", [&] { KerasWeights(kFolder / "model.h5").info("fc9"); });
}

// Damage within the file is another matter: HDF5 itself is known to crash on some of it.
TEST_F(KerasFiles, EveryCutIsRefused) {
  const std::string whole = read_file(kFolder / "notop.h5");
  for (std::size_t length = 0; length < whole.size(); length += 97) {
    fs::remove(folder_ / "cut.h5");
    write_unsynced(folder_ / "cut.h5", whole.substr(0, length));
    expect_error("cut.h5", [&] { open_weights(folder_ / "cut.h5"); });
  }
}

}  // namespace
}  // namespace palimpsest
