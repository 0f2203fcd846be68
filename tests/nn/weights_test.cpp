#include "nn/weights.h"
#include "base/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "tests/nn/toy.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::nn {
namespace {

class Weights : public testing::Test {
 protected:
  std::unique_ptr<Network> make(const Architecture& architecture, std::uint64_t seed) {
    auto network = std::make_unique<Network>(*device_, architecture);
    initialise(*network, seed);
    return network;
  }
  std::vector<float> values(const Network& network, const std::string& name) {
    for (const auto& p : network.parameters())
      if (p.name == name) return device_->download(p.value);
    return {};
  }
  // A file with some tensors renamed or reshaped.
  using Tensor = std::pair<std::string, std::vector<std::int64_t>>;
  void rewrite(const fs::path& from, const fs::path& to, const std::function<Tensor(Tensor)>& change) {
    const SafetensorsFile file(from);
    std::vector<SafetensorsWriter::Declaration> tensors;
    for (const auto& name : file.names()) tensors.push_back(change({name, file.info(name).shape}));
    SafetensorsWriter writer(to, tensors);
    for (const auto& name : file.names()) writer.append(file.read_floats(name));
    writer.commit();
  }
  TempFolder folder_;
  std::unique_ptr<Device> device_ = cpu_device();
  fs::path file_ = folder_ / "w.safetensors";
};

TEST_F(Weights, NamesOfClassesComeBackWithTheirCommas) {
  const auto network = make(toy_architecture(2), 1);
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{"a", "b"}, {"tench, Tinca", "hen"}, {"a", ""}, {"[", "]"}, {" a", "b"}}) {
    save_weights(*network, file_, {"caffe", names, {}});
    EXPECT_EQ(notes_of(SafetensorsFile(file_)).classes, names);
    EXPECT_NO_THROW(load_network(*device_, file_));
  }
}

TEST_F(Weights, ComeBackToTheBit) {
  for (const auto& architecture :
       {toy_architecture(), toy_architecture(8, {}), toy_architecture(2, {17}), toy_architecture(1, {3})}) {
    const auto network = make(architecture, 1);
    save_weights(*network, file_,
                 {"caffe", std::vector<std::string>(std::size_t(architecture.classes), "x"), {{"made", "today"}}});
    const auto again = load_network(*device_, file_);
    EXPECT_EQ(again->architecture(), architecture);
    for (const auto& p : network->parameters()) EXPECT_EQ(device_->download(p.value), values(*again, p.name)) << p.name;
    const auto notes = notes_of(SafetensorsFile(file_));
    EXPECT_EQ(notes.normalisation, "caffe");
    EXPECT_EQ(notes.classes.size(), std::size_t(architecture.classes));
    EXPECT_EQ(notes.more.at("made"), "today");
    const auto bytes = read_file(file_);
    save_weights(*again, file_, notes);
    EXPECT_EQ(read_file(file_), bytes);
  }
}

TEST_F(Weights, SizeFollowsTheMetadataOrTheFeatures) {
  Architecture a = toy_architecture();
  a.size = 75;  // 2 x 2 features, as 64 has
  const auto network = make(a, 1);
  save_weights(*network, file_, {});
  EXPECT_EQ(load_network(*device_, file_)->architecture().size, 75);
  rewrite(file_, folder_ / "bare.safetensors", [](Tensor t) { return t; });
  EXPECT_EQ(load_network(*device_, folder_ / "bare.safetensors")->architecture().size, 64);
  EXPECT_EQ(load_network(*device_, folder_ / "bare.safetensors", {75, true})->architecture().size, 75);
  EXPECT_EQ(load_network(*device_, folder_ / "bare.safetensors", {224, true})->architecture().size, 64);
}

TEST_F(Weights, InTimmsNamesToo) {
  const auto network = make(toy_architecture(), 1);
  save_weights(*network, file_, {});
  const int side = 1, channels = 8;
  rewrite(file_, folder_ / "timm.safetensors", [&](Tensor t) -> Tensor {
    auto& [name, shape] = t;
    const std::pair<std::string, std::string> names[] = {
        {"classifier.0.", "pre_logits.fc1."}, {"classifier.3.", "pre_logits.fc2."}, {"classifier.6.", "head.fc."}};
    for (const auto& [ours, theirs] : names)
      if (name.starts_with(ours)) {
        if (name == "classifier.0.weight") shape = {shape[0], channels, side, side};
        if (name == "classifier.3.weight") shape = {shape[0], shape[1], 1, 1};
        name = theirs + name.substr(ours.size());
      }
    return t;
  });
  const auto again = load_network(*device_, folder_ / "timm.safetensors", {32, true});
  EXPECT_EQ(again->architecture(), toy_architecture());
  for (const auto& p : network->parameters()) EXPECT_EQ(device_->download(p.value), values(*again, p.name)) << p.name;
}

TEST_F(Weights, WhatIsTakenIsSaid) {
  save_weights(*make(toy_architecture(4), 1), file_, {});
  const SafetensorsFile file(file_);
  const std::vector<std::string> fc{"classifier.0.weight", "classifier.0.bias", "classifier.3.weight",
                                    "classifier.3.bias"};
  const std::vector<std::string> last{"classifier.6.weight", "classifier.6.bias"};
  const auto take = [&](int classes, HeadInit head) {
    auto network = make(toy_architecture(classes), 2);
    const auto fresh = make(toy_architecture(classes), 2);
    const auto report = take_weights(*network, file, head);
    EXPECT_EQ(report.taken.size() + report.left.size(), 32u);
    for (const auto& p : network->parameters()) {  // the report is the truth
      const bool taken = std::count(report.taken.begin(), report.taken.end(), p.name) > 0;
      EXPECT_EQ(device_->download(p.value), taken ? file.read_floats(p.name) : values(*fresh, p.name)) << p.name;
    }
    return report;
  };
  EXPECT_THAT(take(4, HeadInit::fresh).left, testing::SizeIs(6));
  EXPECT_THAT(take(4, HeadInit::copy_fc).left, testing::ElementsAre(last[0] + " (fresh)", last[1] + " (fresh)"));
  EXPECT_THAT(take(4, HeadInit::keep).left, testing::IsEmpty());
  EXPECT_THAT(take(2, HeadInit::keep).left, testing::ElementsAre("classifier.6.weight (2 x 6, the file has 4 x 6)",
                                                                 "classifier.6.bias (2, the file has 4)"));
}

TEST_F(Weights, OfAnotherWidthAreRefused) {
  save_weights(*make(toy_architecture(), 1), file_, {});
  Architecture wider = toy_architecture();
  wider.channels[2] += 1;
  auto network = make(wider, 1);
  expect_error("features.10.weight is 7 x 5 x 3 x 3, the file has 6 x 5 x 3 x 3",
               [&] { take_weights(*network, SafetensorsFile(file_), HeadInit::keep); });
}

TEST_F(Weights, ThatAreNoVgg16AreRefused) {
  save_weights(*make(toy_architecture(), 1), file_, {});
  const auto other = folder_ / "other.safetensors";
  const auto refuse = [&](const std::string& part, const std::function<Tensor(Tensor)>& change) {
    rewrite(file_, other, change);
    expect_error(part, [&] { load_network(*device_, other); });
  };
  refuse("features.2.weight has the wrong shape", [](Tensor t) {
    if (t.first == "features.2.weight") t.second = {4, 36};
    return t;
  });
  refuse("it has no features.5.bias, but features.5.offset (5)", [](Tensor t) {
    if (t.first == "features.5.bias") t.first = "features.5.offset";
    return t;
  });
  refuse("a head whose order is not known", [](Tensor t) {
    if (t.first == "classifier.0.weight") t.first = "fc.weight";
    return t;
  });
  write_unsynced(other, "not a safetensors file");
  expect_error("other.safetensors", [&] { load_network(*device_, other); });
  expect_error("nowhere.safetensors", [&] { load_network(*device_, folder_ / "nowhere.safetensors"); });
}

// Variance 2 / fan-in, 1 / fan-in for the last layer, biases 0.
TEST_F(Weights, HeInitialisation) {
  Architecture a = toy_architecture(64, {256});
  a.channels = {32, 32, 64, 64, 64};
  const auto network = make(a, 1);
  for (std::size_t i = 0; i < network->parameters().size(); ++i) {
    const auto& p = network->parameters()[i];
    const auto w = device_->download(p.value);
    if (p.name.ends_with(".bias")) {
      EXPECT_TRUE(std::all_of(w.begin(), w.end(), [](float v) { return v == 0; })) << p.name;
      continue;
    }
    const double fan_in = double(p.value.shape.count()) / p.value.shape.n;
    double mean = 0, square = 0;
    for (const float v : w) mean += double(v) / double(w.size()), square += double(v) * double(v) / double(w.size());
    const double expected = (i + 2 == network->parameters().size() ? 1.0 : 2.0) / fan_in;
    const double spread = std::sqrt(2.0 / double(w.size()));  // of a variance, relative
    EXPECT_NEAR(square / expected, 1, 5 * spread) << p.name;
    EXPECT_NEAR(mean, 0, 5 * std::sqrt(expected / double(w.size()))) << p.name;
  }
}

// Layers draw their own numbers: what two networks have in common is equal.
TEST_F(Weights, DependOnTheSeedOnly) {
  const auto a = make(toy_architecture(4), 1), b = make(toy_architecture(2), 1), c = make(toy_architecture(4), 2);
  EXPECT_EQ(values(*a, "classifier.3.weight"), values(*b, "classifier.3.weight"));
  EXPECT_NE(values(*a, "classifier.3.weight"), values(*c, "classifier.3.weight"));
}

TEST_F(Weights, AFreshHeadRepeatsNoneOfTheFirstHeadsNumbers) {
  const auto first = make(toy_architecture(4), 1), fresh = make(toy_architecture(4), 1);
  initialise_head(*fresh, 1);
  const auto other = make(toy_architecture(2), 2);
  initialise_head(*other, 1);
  EXPECT_EQ(values(*fresh, "classifier.3.weight"), values(*other, "classifier.3.weight"));
  for (const Parameter& p : fresh->parameters()) {
    const auto before = values(*first, p.name), after = values(*fresh, p.name);
    const auto same =
        std::inner_product(before.begin(), before.end(), after.begin(), std::size_t{0}, std::plus{}, std::equal_to{});
    const bool kept = p.block < kBlocks || p.name.ends_with(".bias");
    EXPECT_EQ(same, kept ? before.size() : 0) << p.name;
  }
}

// The convolutions of seed 1, whatever other purposes of random numbers there are.
TEST_F(Weights, ConvolutionsBeginWithTheNumbersTheyAlwaysBeganWith) {
  const auto network = make(toy_architecture(4), 1);
  const auto weights = values(*network, "features.0.weight");
  EXPECT_NEAR(weights[0], 0.206700, 1e-6);
  EXPECT_NEAR(weights[1], 0.304097, 1e-6);
  EXPECT_NEAR(weights.back(), 0.169701, 1e-6);
}

}  // namespace
}  // namespace palimpsest::nn
