#include "base/safetensors.h"
#include "tests/nn/contents_fixture.h"

namespace palimpsest::nn {
namespace {

// Relatives of VGG16 are recognised by what is in the file.
TEST_F(Contents, OtherNetworksAreSaid) {
  refused("holds 2 networks", [&] {
    NamedTensors two = renamed([](auto& n) { return "a." + n; }), b = renamed([](auto& n) { return "b." + n; });
    two.insert(two.end(), b.begin(), b.end());
    return two;
  }());
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

TEST_F(Contents, BatchNormalisationIsNamed) {
  refused("batch normalisation (features.1.running_mean", with({{"features.1.running_mean", {4}, {}}}));
  refused("batch normalisation (classifier.1.running_var", with({{"classifier.1.running_var", {7}, {}}}));
}

TEST_F(Contents, OtherNumbersOfConvolutionsAreNamed) {
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
  refused("holds 9 convolutions (features.21.weight (4 x 4 x 3 x 3)), but VGGs have 8, 10, 13 or 16",
          vgg({0, 3, 6, 8, 11, 13, 16, 18, 21}));
  refused("holds 14 convolutions (features.30.weight (4 x 4 x 3 x 3))",
          vgg({0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28, 30}));
  refused("does not hold a whole VGG19: it has no features.2.weight and 1 other parameter",
          vgg({0, 3, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34}));
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
