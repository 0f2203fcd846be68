#include "nn/keras_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/npy.h"
#include "nn/keras_layers.h"
#include "nn/weights.h"
#include "tests/nn/toy.h"
#include "tests/nn/weight_files.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/goldens.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

const fs::path kFolder = goldens() / "keras";

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
  std::unique_ptr<Device> device_ = cpu_device();
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
  const auto matches = [](const char* path, bool dense, int number, int block = -1) {
    const auto layer = keras_parameter(path);
    return layer && layer->dense == dense && layer->number == number && layer->block == block;
  };
  EXPECT_TRUE(matches("block1_conv1/block1_conv1_W_1:0", false, 0, 0));
  EXPECT_TRUE(matches("model_weights/vgg19/block5_conv4/kernel:0", false, 3, 4));
  EXPECT_TRUE(matches("fc2/fc2/bias:0", true, 1));
  EXPECT_TRUE(matches("layers/conv2d/vars/0", false, 0));
  EXPECT_TRUE(matches("layers/conv2d_12/vars/1", false, 12));
  EXPECT_TRUE(matches("layers/dense_12/vars/0", true, 12));
  for (const char* other :
       {"layers/conv2d_16/vars/0", "block6_conv1/kernel:0", "block1_conv5/kernel:0", "layers/conv2d_1x/vars/0",
        "layers/conv2d_/vars/0", "conv2d_1/kernel:0", "optimizer_weights/fc1/kernel:0", "layers/dense_100/vars/0", "",
        "/", "fc1/gamma:0", "fc1/lora_kernel_a", "layers/dense/vars/2", "fc1", "kernel:0"})
    EXPECT_FALSE(keras_parameter(other)) << other;
  EXPECT_TRUE(keras_parameter("conv1_1/conv1_1_W:0")->vggface);
  EXPECT_TRUE(keras_parameter("fc8/fc8_b:0")->bias);
  EXPECT_FALSE(keras_parameter("fc2/fc2/kernel")->bias);
}

TEST_F(KerasFiles, OtherFilesAreRefusedByName) {
  write_unsynced(folder_ / "cut.h5", read_file(kFolder / "model.h5").substr(0, 700));
  expect_error("cut.h5", [&] { load_network(*device_, folder_ / "cut.h5"); });
  write_unsynced(folder_ / "text.h5", "no HDF5 at all");
  expect_error("text.h5", [&] { load_network(*device_, folder_ / "text.h5"); });
  expect_error("gone.h5", [&] { load_network(*device_, folder_ / "gone.h5"); });
  expect_error("has no fc9", [&] { KerasWeights(kFolder / "model.h5").info("fc9"); });
}

// Kinds of Keras files with another network, or that do not identify their layers.
class OtherKerasFiles : public KerasFiles {
 protected:
  OtherKerasFiles() : network_(*device_, toy_architecture()) { initialise(network_, 1); }
  NamedTensors named(const std::string& pattern = "LAYER/LAYER/{}") {
    return keras_tensors(network_, keras_names({"fc1", "fc2", "predictions"}, pattern));
  }
  void refused(const std::string& part, const NamedTensors& tensors, const std::string& configuration = {}) {
    write_hdf5(folder_ / "w.h5", tensors, configuration);
    expect_error("w.h5", [&] { load_network(*device_, folder_ / "w.h5", {32, true}); });
    expect_error(part, [&] { load_network(*device_, folder_ / "w.h5", {32, true}); });
  }
  NamedTensors with(NamedTensors tensors, const NamedTensors& more) {
    tensors.insert(tensors.end(), more.begin(), more.end());
    return tensors;
  }
  Network network_;
};

TEST_F(OtherKerasFiles, ControlsAreRead) {
  for (const char* pattern : {"LAYER/LAYER/{}", "model_weights/LAYER/LAYER/{}", "model_weights/vgg16/LAYER/{}"}) {
    write_hdf5(folder_ / "w.h5",
               with(named(pattern), {{"optimizer_weights/LAYER/kernel:0", {3, 3, 3, 4}, {}}, {"flatten/", {}, {}}}));
    const auto network = load_network(*device_, folder_ / "w.h5", {32, true});
    for (const auto& p : network_.parameters())
      EXPECT_EQ(values(*network, p.name), device_->download(p.value)) << pattern << " " << p.name;
  }
}

TEST_F(OtherKerasFiles, VggFaceIsReadWithItsNormalisation) {
  std::vector<std::string> names{"conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1",
                                 "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3", "fc6",     "fc7",     "fc8"};
  for (auto& name : names) name += "/" + name + "/{}";
  write_hdf5(folder_ / "w.h5", keras_tensors(network_, names));
  EXPECT_EQ(notes_of(*open_weights(folder_ / "w.h5")).normalisation, "vggface");
  const auto network = load_network(*device_, folder_ / "w.h5", {32, true});
  EXPECT_EQ(values(*network, "classifier.3.weight"), values(network_, "classifier.3.weight"));
}

// Automatic names have numbers, in the order in which the layers were made.
TEST_F(OtherKerasFiles, CountedDenseLayersAreInTheOrderOfTheirNumbers) {
  const auto head = [&](const std::vector<std::string>& dense) {
    auto names = keras_names({}, "model_weights/vgg16/LAYER/{}");
    for (const auto& name : dense) names.push_back("model_weights/" + name + "/" + name + "/{}");
    return keras_tensors(network_, names);
  };
  write_hdf5(folder_ / "w.h5", head({"dense_9", "dense_10", "dense_11"}));
  const auto network = load_network(*device_, folder_ / "w.h5", {32, true});
  for (const auto& p : network_.parameters()) EXPECT_EQ(values(*network, p.name), device_->download(p.value)) << p.name;
  EXPECT_TRUE(KerasWeights(folder_ / "w.h5").numbered());
  for (const auto& dense : {std::vector<std::string>{"dense", "dense_1", "emotion"}, {"dense_2", "dense_1", "dense"}})
    refused("dense layers other than fc1, fc2 and predictions, whose position is not known: model_weights/dense",
            head(dense));
}

TEST_F(OtherKerasFiles, DenseLayersWithoutAKnownPlaceAreNamed) {
  refused("fc3/fc3/kernel:0 (4 x 4)", with(named(), {{"fc3/fc3/kernel:0", {4, 4}, {}}, {"fc3/fc3/bias:0", {4}, {}}}));
  refused("has no classifier.9.bias", with(named(), {{"layers/dense_3/vars/0", {4, 4}, {}}}));
}

TEST_F(OtherKerasFiles, OtherNetworksAreNamed) {
  refused("a whole VGG19: it has no features.16.bias (block3_conv4)",
          with(named(), {{"block3_conv4/block3_conv4/kernel:0", {3, 3, 6, 6}, {}},
                         {"block4_conv4/block4_conv4/kernel:0", {3, 3, 6, 6}, {}},
                         {"block5_conv4/block5_conv4/kernel:0", {3, 3, 8, 8}, {}}}));
  refused("batch normalisation (layers/batch_normalization/vars/0 (7))",
          with(named(), {{"layers/batch_normalization/vars/0", {7}, {}}}));
  refused("another_norm/gamma:0 (7)", with(named(), {{"another_norm/gamma:0", {7}, {}}}));
  refused("no layer called block1_conv1, ..., fc1, fc2 or predictions, but layer_0/param_0",
          {{"layer_0/param_0", {4, 3, 3, 3}, {}}});
  refused("a ResNet", {{"conv2_block1_1_conv/kernel:0", {1, 1, 4, 4}, {}}});
  refused("it has no features.5.bias (block2_conv1)", [&] {
    NamedTensors tensors = named();
    tensors.erase(tensors.begin() + 5);
    return tensors;
  }());
  refused("are both the layer features.0", with(named(), {{"other/block1_conv1/kernel:0", {3, 3, 3, 4}, {}}}));
  NamedTensors theano = named();
  theano[0].shape = {4, 3, 3, 3};
  refused("with its axes in Theano's order", theano);
}

// A layer without weights is an empty group, and an entry of the list of layers.
TEST_F(OtherKerasFiles, LayersWithoutWeightsCountToo) {
  const NamedTensors flattened = with(named(), {{"flatten/", {}, {}}});
  for (const auto& [layer, what] : {std::pair{"global_average_pooling2d_1", "global average pooling"},
                                    {"rescaling", "a rescaling of the pictures"},
                                    {"leaky_re_lu", "leaky ReLU"},
                                    {"zzz/average_pooling2d/vars", "average pooling"}})
    refused(std::string("has ") + what, with(flattened, {{std::string(layer) + "/", {}, {}}}));
}

// VGG16's own layers in a list of layers, as keras.applications names them.
std::vector<std::string> listed(const std::vector<std::string>& more = {}) {
  std::vector<std::string> names{"input_1"};
  for (const auto& name : keras_names({"flatten", "fc1", "fc2", "predictions"}, "LAYER")) names.push_back(name);
  for (int block = 1; block <= kBlocks; ++block) names.push_back("block" + std::to_string(block) + "_pool");
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

TEST_F(OtherKerasFiles, OnlyLayersKnownToDoNothingAreListedBeside) {
  const auto read = [&](const std::vector<std::string>& names) {
    write_hdf5(folder_ / "w.h5", named());
    write_layer_names(folder_ / "w.h5", names);
    load_network(*device_, folder_ / "w.h5", {32, true});
  };
  for (const char* name : {"dropout_1", "fc1_dropout", "spatial_dropout2d", "gaussian_noise", "activation_3", "re_lu",
                           "softmax", "fc1_relu", "random_flip", "input_layer", "block1_conv1_input", "fc1/relu"})
    EXPECT_NO_THROW(read(listed({name}))) << name;
  for (const char* name : {"max_pooling2d",
                           "tf.nn.leaky_relu",
                           "tf.math.reduce_mean",
                           "permute",
                           "reshape",
                           "zero_padding2d_1",
                           "block6_pool",
                           "gap2d",
                           "avg_pool",
                           "se_block",
                           "softplus",
                           "swish",
                           "self_attention",
                           "flatten_1",
                           "random_crop",
                           "preprocess_input",
                           "leaky_relu",
                           "sequential",
                           "max_pooling2d_x",
                           "fc9_relu"})
    expect_error(std::string("w.h5 has a layer '") + name + "' without weights", [&] { read(listed({name})); });
  auto fewer = listed();
  fewer.pop_back();
  expect_error("w.h5 has 4 max poolings instead of 5", [&] { read(fewer); });
}

TEST_F(OtherKerasFiles, ModelsWithinAModelAreNotLayersWithoutWeights) {
  write_hdf5(folder_ / "w.h5",
             with(named("model_weights/vgg16/LAYER/{}"),
                  {{"model_weights/top_level_model_weights/", {}, {}}, {"model_weights/dropout/", {}, {}}}));
  write_layer_names(folder_ / "w.h5", {"vgg16", "dropout", "flatten"});
  EXPECT_NO_THROW(load_network(*device_, folder_ / "w.h5", {32, true}));
  const std::string inner = "layers/functional_1/layers/";
  NamedTensors nested = named(inner + "LAYER/vars/{}");
  for (auto& tensor : nested) {  // Keras 3's variables have numbers
    const auto at = tensor.name.rfind('/') + 1;
    tensor.name.replace(at, std::string::npos, tensor.name[at] == 'k' ? "0" : "1");
  }
  for (const char* group :
       {"layers/functional_1/vars/", "vars/", "layers/sequential/layers/random_flip/vars/", "layers/sequential/vars/"})
    nested.push_back({group, {}, {}});
  nested.push_back({"layers/dropout/seed_generator/vars/0", {2}, {}});
  for (const char* pool : {"", "_1", "_2", "_3", "_4"})
    nested.push_back({inner + "max_pooling2d" + pool + "/vars/", {}, {}});
  write_hdf5(folder_ / "w.h5", nested);
  EXPECT_NO_THROW(load_network(*device_, folder_ / "w.h5", {32, true}));
  // The same name in the outer model is another layer.
  refused("has a layer 'max_pooling2d' without weights", with(nested, {{"layers/max_pooling2d/vars/", {}, {}}}));
  refused("has a layer 'random_crop'", with(nested, {{"layers/random_crop/seed_generator/vars/0", {2}, {}}}));
}

TEST_F(OtherKerasFiles, TheConfigurationIsRead) {
  refused("in its configuration, no list of layers", named(), R"({"class_name": "Functional"})");
  refused("the layer 'gap' (GlobalAveragePooling2D)", named(),
          R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "GlobalAveragePooling2D",
              "config": {"name": "gap"}}]}})");
  write_hdf5(folder_ / "w.h5", named(),
             R"({"class_name": "Sequential", "config": [{"class_name": "InputLayer",
                 "config": {"batch_input_shape": [null, 48, 48, 3]}}]})");
  EXPECT_EQ(load_network(*device_, folder_ / "w.h5")->architecture().size, 48);
}

TEST_F(OtherKerasFiles, AConfigurationOfAnotherSideIsSaid) {
  write_hdf5(folder_ / "w.h5", named(),
             R"({"class_name": "Sequential", "config": [{"class_name": "InputLayer",
                 "config": {"batch_input_shape": [null, 96, 96, 3]}}]})");
  try {
    load_network(*device_, folder_ / "w.h5");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("w.h5 says that it takes pictures of 96 x 96"));
    EXPECT_THAT(error.remedy(), testing::HasSubstr("save the model again with Keras"));
  }
}

// A list gives the order of layers with other names, and that a layer without a bias has none.
TEST_F(OtherKerasFiles, AListOfLayersGivesTheirOrder) {
  std::vector<std::string> layers = keras_names({"hidden", "between", "emotion"}, "LAYER");
  const auto write = [&] {
    std::vector<std::string> paths;
    for (const auto& layer : layers) paths.push_back(layer + "/" + layer + "/{}");
    write_hdf5(folder_ / "w.h5", keras_tensors(network_, paths));
    write_layer_names(folder_ / "w.h5", layers);
    for (const auto& layer : layers)
      write_weight_names(folder_ / "w.h5", layer, {layer + "/kernel:0", layer + "/bias:0"});
  };
  write();
  const auto network = load_network(*device_, folder_ / "w.h5", {32, true});
  for (const auto& p : network_.parameters()) EXPECT_EQ(values(*network, p.name), device_->download(p.value)) << p.name;
  NamedTensors without = keras_tensors(network_, [&] {
    std::vector<std::string> paths;
    for (const auto& layer : layers) paths.push_back(layer + "/" + layer + "/{}");
    return paths;
  }());
  std::erase_if(without, [](const NamedTensor& tensor) { return tensor.name == "hidden/hidden/bias:0"; });
  write_hdf5(folder_ / "w.h5", without);
  write_layer_names(folder_ / "w.h5", layers);
  for (const auto& layer : layers)  // a bias is listed that the file does not have
    write_weight_names(folder_ / "w.h5", layer, {layer + "/kernel:0", layer + "/bias:0"});
  expect_error("w.h5", [&] { load_network(*device_, folder_ / "w.h5", {32, true}); });
  std::swap(layers[0], layers[1]);  // known names in another order
  write();
  expect_error("w.h5 has dense layers other than fc1", [&] { load_network(*device_, folder_ / "w.h5", {32, true}); });
}

// With one byte of a .keras archive changed, or some cut off, it is read as before or refused.
TEST_F(KerasFiles, DamagedArchivesAreRefused) {
  const fs::path golden = goldens() / "keras_variants" / "sigmoid.keras";
  const std::string whole = read_file(golden);
  const auto expected = values(*load_network(*device_, golden), "classifier.3.weight");
  for (std::size_t at = 0; at < whole.size(); at += 997) {
    std::string bytes = whole;
    bytes[at] = char(bytes[at] ^ 0x5a);
    write_unsynced(folder_ / "w.keras", bytes);
    try {
      EXPECT_EQ(values(*load_network(*device_, folder_ / "w.keras"), "classifier.3.weight"), expected) << at;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("w.keras")) << at;
    }
    write_unsynced(folder_ / "cut.keras", whole.substr(0, at));
    expect_error("cut.keras", [&] { open_weights(folder_ / "cut.keras"); });
  }
}

TEST_F(KerasFiles, AnArchiveLeavesNoTemporaryFile) {
  const TempFolder temporary;
  const std::string before = fs::temp_directory_path();
  ::setenv("TMPDIR", temporary.path().c_str(), 1);
  {
    const KerasWeights archive(goldens() / "keras_variants" / "sigmoid.keras");
    EXPECT_FALSE(fs::is_empty(temporary.path()));
    EXPECT_TRUE(archive.archive());
  }
  EXPECT_TRUE(fs::is_empty(temporary.path()));
  ::setenv("TMPDIR", (temporary / "gone").c_str(), 1);
  expect_error("sigmoid.keras", [&] { KerasWeights(goldens() / "keras_variants" / "sigmoid.keras"); });
  ::setenv("TMPDIR", before.c_str(), 1);
}

// Damage within the file is not tested: HDF5 itself is known to crash on some of it.
TEST_F(KerasFiles, EveryCutIsRefused) {
  const std::string whole = read_file(kFolder / "notop.h5");
  for (std::size_t length = 0; length < whole.size(); length += 97) {
    fs::remove(folder_ / "cut.h5");
    write_unsynced(folder_ / "cut.h5", whole.substr(0, length));
    expect_error("cut.h5", [&] { open_weights(folder_ / "cut.h5"); });
  }
}

}  // namespace
}  // namespace palimpsest::nn
