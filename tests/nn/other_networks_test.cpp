#include "base/safetensors.h"
#include "tests/nn/contents_fixture.h"

namespace palimpsest::nn {
namespace {

// Spellings and relatives of VGG16 are recognised by what is in the file.
TEST_F(Contents, OtherNamesAreSaid) {
  refused("names that begin with 'module.' (module.features.0.weight)", renamed([](auto& n) { return "module." + n; }));
  refused("names that begin with 'net.vgg.'", renamed([](auto& n) { return "net.vgg." + n; }));
  refused("names that begin with 'features.module.'",
          renamed([](auto& n) { return replaced(n, "features.", "features.module."); }));
  refused("holds 2 networks", [&] {
    NamedTensors two = renamed([](auto& n) { return "a." + n; }), b = renamed([](auto& n) { return "b." + n; });
    two.insert(two.end(), b.begin(), b.end());
    return two;
  }());
  refused("head of the layers classifier.1 classifier.4 classifier.6", renamed([](auto& n) {
            return replaced(replaced(n, "classifier.3", "classifier.4"), "classifier.0", "classifier.1");
          }));
  refused("head of the layers classifier.0 classifier.3 classifier.6.0 classifier.6.3", [&] {
    NamedTensors tensors = renamed([](auto& n) { return replaced(n, "classifier.6", "classifier.6.0"); });
    tensors.push_back({"classifier.6.3.weight", {2, 4}, {}});
    tensors.push_back({"classifier.6.3.bias", {2}, {}});
    return tensors;
  }());
  for (const std::string head : {"classifier", "fc"}) {
    NamedTensors tensors = torch_tensors(network_);
    tensors.resize(26);
    tensors.push_back({head + ".weight", {4, 8}, {}});
    tensors.push_back({head + ".bias", {4}, {}});
    refused("head of one layer called " + head + ".weight (4 x 8)", tensors);
  }
  refused("head of the layers fc6 fc7 fc8 instead of classifier.0 classifier.3 classifier.6", renamed([](auto& n) {
            return replaced(replaced(replaced(n, "classifier.0", "fc6"), "classifier.3", "fc7"), "classifier.6", "fc8");
          }));
  NamedTensors head = torch_tensors(network_);
  refused("only a head", {head.begin() + 26, head.end()});
  for (const std::string convolutions : {"layers.", "slice1.", "conv_layers."}) {
    NamedTensors tensors = renamed([&](auto& n) { return replaced(n, "features.", convolutions); });
    std::rotate(tensors.begin(), tensors.begin() + 26, tensors.end());  // the head first, as names are sorted
    refused("it has no features.0.weight, but " + convolutions + "0.weight (4 x 3 x 3 x 3)", tensors);
  }
  refused("no tensor", {});
  refused("a ResNet (layer1.0.conv1.weight", {{"conv1.weight", {4, 3, 7, 7}, {}}, {"layer1.0.conv1.weight", {4}, {}}});
  refused("no features.0.weight, but a.b (2 x 2)", {{"a.b", {2, 2}, {}}});
}

TEST_F(Contents, TheLineThatConvertsIsSaid) {
  const auto remedy = [&](const NamedTensors& tensors) {
    write_safetensors(folder_ / "w.safetensors", tensors);
    try {
      load_network(*device_, folder_ / "w.safetensors", {32, true});
    } catch (const Error& error) {
      return error.remedy();
    }
    return std::string();
  };
  EXPECT_THAT(remedy(renamed([](auto& n) { return "module." + n; })), testing::HasSubstr("k.removeprefix('module.')"));
  EXPECT_THAT(remedy(renamed([](auto& n) { return replaced(n, "classifier.", "head."); })),
              testing::HasSubstr("'head.0 head.3 head.6'.split(), 'classifier.0 classifier.3 classifier.6'.split()"));
  // A file's contents must not become a command.
  EXPECT_THAT(remedy(renamed([](auto& n) { return "$(rm x)'." + n; })), testing::Not(testing::HasSubstr("python")));
}

TEST_F(Contents, VggFaceInPyTorchIsNamed) {
  NamedTensors tensors = torch_tensors(network_);
  const char* const names[] = {"conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1",
                               "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3", "fc6",     "fc7",     "fc8"};
  for (std::size_t i = 0; i < tensors.size(); ++i)
    tensors[i].name = std::string(names[i / 2]) + (i % 2 == 0 ? ".weight" : ".bias");
  refused("names of VGG-Face or of Caffe's VGG16 (conv1_1.weight", tensors);
  for (auto& tensor : tensors) tensor.name = "module." + tensor.name;
  refused("names of VGG-Face or of Caffe's VGG16 (module.conv1_1.weight", tensors);
}

TEST_F(Contents, BatchNormalisationIsNamed) {
  refused("batch normalisation (features.1.running_mean", with({{"features.1.running_mean", {4}, {}}}));
  refused("batch normalisation (classifier.1.running_var", with({{"classifier.1.running_var", {7}, {}}}));
}

TEST_F(Contents, OtherDepthsAreNamed) {
  const auto vgg = [](const std::vector<int>& indices) {
    NamedTensors tensors;
    std::int64_t in = 3;
    for (const int i : indices) {
      tensors.push_back({"features." + std::to_string(i) + ".weight", {4, in, 3, 3}, {}});
      tensors.push_back({"features." + std::to_string(i) + ".bias", {4}, {}});
      in = 4;
    }
    return tensors;
  };
  refused("a VGG11: it has 8 convolutions", vgg({0, 3, 6, 8, 11, 13, 16, 18}));
  refused("a VGG13: it has 10 convolutions", vgg({0, 2, 5, 7, 10, 12, 15, 17, 20, 22}));
  refused("a VGG19: it has 16 convolutions", vgg({0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34}));
}

TEST_F(Contents, GreyPicturesAreNamed) {
  NamedTensors grey = torch_tensors(network_);
  grey[0] = {"features.0.weight", {4, 1, 3, 3}, {}};
  refused("features.0.weight has the wrong shape, features.0.weight (4 x 1 x 3 x 3): it takes 1 channels instead of 3",
          grey);
}

TEST_F(Contents, OneOfSeveralFilesIsNamed) {
  const auto path = folder_ / "model-00001-of-00003.safetensors";
  write_safetensors(path, {{"features.0.weight", {4, 3, 3, 3}, {}}});
  expect_error("is one of 3 files", [&] { load_network(*device_, path); });
}

}  // namespace
}  // namespace palimpsest::nn
