#include "nn/names_in_file.h"

#include <cmath>
#include <set>

#include "base/safetensors.h"
#include "nn/torch_weights.h"
#include "tests/nn/contents_fixture.h"
#include "tests/support/goldens.h"

// Names that people's files have; tests/nn/weight_variants_test.cpp has files of PyTorch's own.
namespace palimpsest::nn {
namespace {

using testing::HasSubstr;

class NamesInFileTest : public Contents {
 protected:
  // The network of these tensors has the same bits as the one that they were made from.
  void read(const NamedTensors& tensors, const std::string& change) {
    write_safetensors(folder_ / "w.safetensors", tensors);
    const auto file = open_weights(folder_ / "w.safetensors");
    EXPECT_THAT(file->changes(), testing::Contains(HasSubstr(change)));
    EXPECT_EQ(logits(*load_network(*device_, *file, {32, true})), expected_) << change;
  }
  NamedTensors head_named(const std::vector<std::string>& names) {
    return renamed([&](const std::string& name) {
      for (std::size_t i = 0; i < names.size(); ++i)
        if (const auto layer = fmt::format("classifier.{}.", 3 * i); name.starts_with(layer))
          return names[i] + "." + name.substr(layer.size());
      return name;
    });
  }
};

TEST_F(NamesInFileTest, PrefixesAreLeftOut) {
  for (const std::string prefix : {"module.", "net.vgg.", "backbone."})
    read(renamed([&](auto& n) { return prefix + n; }), "its names begin with '" + prefix + "'");
  read(renamed([](auto& n) { return replaced(n, "features.", "features.module."); }), "'features.module.'");
  read(renamed([](auto& n) { return "module." + replaced(n, "features.", "features.module."); }),
       "'module.features.module.'");
  read(renamed([](auto& n) { return n.starts_with("features.") ? "backbone." + n : n; }), "'backbone.'");
}

TEST_F(NamesInFileTest, HeadsAreOrderedByTheirNumbers) {
  for (const auto& names : std::vector<std::vector<std::string>>{{"classifier.1", "classifier.4", "classifier.6"},
                                                                 {"classifier.0", "classifier.3", "classifier.6.1"},
                                                                 {"fc6", "fc7", "fc8"},
                                                                 {"head.2", "head.9", "head.12"},
                                                                 {"pre_logits.fc1", "pre_logits.fc2", "head.fc"}})
    read(head_named(names), fmt::format("its head is {}, then {}, then {}", names[0], names[1], names[2]));
}

TEST_F(NamesInFileTest, CaffesNamesAreThoseOfVggFaceUnlessTheClassesAreImageNets) {
  NamedTensors tensors = head_named({"fc6", "fc7", "fc8"});
  for (const std::string start : {"conv", "module.conv_"}) {
    std::size_t at = 0;
    for (int block = 1; block <= kBlocks; ++block)
      for (int i = 1; i <= Architecture{}.convolutions()[std::size_t(block) - 1]; ++i)
        for (const char* which : {".weight", ".bias"})
          tensors[at++].name = fmt::format("{}{}_{}{}", start, block, i, which);
    if (start.starts_with("module.")) tensors[26].name = "module.fc6.weight";
    read(tensors, "are VGG16's convolutions");
    EXPECT_EQ(notes_of(*open_weights(folder_ / "w.safetensors")).normalisation, "vggface");
  }
  const std::int64_t width = tensors[30].shape[1];
  tensors[30] = {"fc8.weight", {1000, width}, {}};
  tensors[31] = {"fc8.bias", {1000}, {}};
  write_safetensors(folder_ / "w.safetensors", tensors);
  EXPECT_EQ(notes_of(*open_weights(folder_ / "w.safetensors")).normalisation, "caffe");
}

// Nothing is guessed about layers that would not be in one order, or not with a ReLU between them.
TEST_F(NamesInFileTest, HeadsInDoubtAreRefused) {
  refused("no ReLU between its layers: classifier.1.weight",
          head_named({"classifier.0", "classifier.1", "classifier.4"}));
  refused("order is not known", head_named({"fc.c", "fc.b", "fc.a"}));
  NamedTensors unshifted = head_named({"fc6", "fc7", "fc8"});
  std::erase_if(unshifted, [](const auto& tensor) { return tensor.name == "fc7.bias"; });
  refused("order is not known", unshifted);
  NamedTensors scaled = head_named({"classifier.1", "classifier.4", "classifier.7"});  // a LayerNorm before the head
  scaled.push_back({"classifier.0.weight", {8}, {}});
  scaled.push_back({"classifier.0.bias", {8}, {}});
  refused("classifier.0.weight (8)", scaled);
}

NamedTensors normalisation(const std::string& layer, std::int64_t channels, float variance = 1) {
  return {{layer + ".running_mean", {channels}, {}},
          {layer + ".running_var", {channels}, std::vector<float>(std::size_t(channels), variance)},
          {layer + ".num_batches_tracked", {1}, {}}};
}

// Without a scale and a shift, of a mean of 0 and a variance of 1, it divides by sqrt(1 + epsilon).
TEST_F(NamesInFileTest, BatchNormalisationIsFolded) {
  NamedTensors tensors = renamed(
      [](auto& n) { return replaced(replaced(n, "classifier.6", "classifier.8"), "classifier.3", "classifier.4"); });
  const NamedTensors after = normalisation("classifier.1", tensors[26].shape[0]);
  tensors.insert(tensors.end(), after.begin(), after.end());
  write_safetensors(folder_ / "w.safetensors", tensors);
  const auto file = open_weights(folder_ / "w.safetensors");
  EXPECT_THAT(file->changes(), testing::Contains(HasSubstr("epsilon of 1e-5")));
  EXPECT_EQ(file->fate("classifier.1.running_mean"), "folded into classifier.0");
  const auto weight = file->read_floats("classifier.0.weight");
  for (std::size_t i = 0; i < weight.size(); ++i)
    EXPECT_FLOAT_EQ(weight[i], float(tensors[26].values[i] / std::sqrt(1 + 1e-5))) << i;
  EXPECT_FLOAT_EQ(file->read_floats("classifier.0.bias")[0], float(.25 / std::sqrt(1 + 1e-5)));
  const WeightsContents contents = contents_of(*file);
  EXPECT_EQ(contents.of(TensorUse::Kind::folded).size(), 2U);
  EXPECT_EQ(contents.of(TensorUse::Kind::left_out).size(), 1U);  // the counter
  EXPECT_TRUE(contents.missing.empty());
}

// The normalisation of the features has the name that the first layer gets.
TEST_F(NamesInFileTest, NamesThatOthersGetAreKeptApart) {
  const auto file = open_weights(goldens() / "weights/head_bn.safetensors");
  EXPECT_EQ(file->stored("classifier.0.weight").name, "classifier.1.weight");
  EXPECT_EQ(file->info("classifier.0.weight").shape, (std::vector<std::int64_t>{7, 24}));
  EXPECT_EQ(file->stored("file/classifier.0.weight").name, "classifier.0.weight");
  EXPECT_EQ(file->info("file/classifier.0.weight").shape, std::vector<std::int64_t>{24});
  EXPECT_EQ(file->fate("file/classifier.0.weight"), "folded into classifier.0");
  EXPECT_TRUE(file->fate("classifier.0.weight").empty());
  const std::set<std::string> once(file->names().begin(), file->names().end());
  EXPECT_EQ(once.size(), file->names().size());
}

TEST_F(NamesInFileTest, BatchNormalisationThatCannotBeFoldedIsRefused) {
  refused("batch normalisation (bn1.running_mean", with(normalisation("bn1", 8)));
  refused("batch normalisation (features.31.running_mean", with(normalisation("features.31", 8)));
  const auto two_after_relu = [&] {
    NamedTensors tensors = renamed(
        [](auto& n) { return replaced(replaced(n, "classifier.6", "classifier.8"), "classifier.3", "classifier.5"); });
    for (const char* layer : {"classifier.2", "classifier.3"})
      for (auto& tensor : normalisation(layer, tensors[26].shape[0])) tensors.push_back(tensor);
    return tensors;
  };
  refused("batch normalisation (classifier.3.running_mean", two_after_relu());
  const auto broken = [&](std::int64_t channels, float variance) {
    NamedTensors tensors = renamed([](auto& n) { return replaced(n, "classifier.3", "classifier.4"); });
    for (auto& tensor : normalisation("classifier.1", channels, variance)) tensors.push_back(tensor);
    return tensors;
  };
  refused("a variance of -1 in classifier.1.running_var", broken(network_.parameters()[26].value.shape.n, -1));
  refused("3 values in classifier.1.running_mean, but its layer has", broken(3, 1));
}

}  // namespace
}  // namespace palimpsest::nn
