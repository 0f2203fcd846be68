#include "nn/weights_contents.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/safetensors.h"
#include "data/arrays.h"
#include "data/source.h"
#include "nn/inference.h"
#include "tests/nn/contents_fixture.h"

namespace palimpsest::nn {
namespace {

const std::map<std::string, std::string> kOurs{{"size", "32"}, {"normalisation", "torchvision"}};

std::vector<std::string> other_names(const std::string& name) {
  return {
      "zz",
      "zz.weight",
      "module." + name,
      "optimizer." + name,
      "ema." + name,
      name + "_orig",
      "classifier.1.weight",
      "classifier.9.weight",
      "classifier.9.bias",
      "features.1.bias",
      "features.30.weight",
      "head.fc.weight",
      "pre_logits.fc1.bias",
      replaced(name, "weight", "bias") == name ? replaced(name, "bias", "gamma") : replaced(name, "weight", "gamma")};
}

// No single change of a file gives other outputs.
TEST_F(Contents, DeletingAnyTensorIsRefused) {
  const NamedTensors all = torch_tensors(network_);
  const auto path = folder_ / "w.safetensors";
  for (const auto& metadata : {kOurs, std::map<std::string, std::string>{}}) {
    write_safetensors(path, all, metadata);
    EXPECT_TRUE(same_or_refused(path, "nothing"));
    for (std::size_t i = 0; i < all.size(); ++i) {
      NamedTensors fewer = all;
      fewer.erase(fewer.begin() + std::ptrdiff_t(i));
      write_safetensors(path, fewer, metadata);
      EXPECT_FALSE(same_or_refused(path, "without " + all[i].name)) << all[i].name;
    }
  }
}

TEST_F(Contents, RenamingAnyTensorChangesNoOutput) {
  const NamedTensors all = torch_tensors(network_);
  const auto path = folder_ / "w.safetensors";
  for (std::size_t i = 0; i < all.size(); ++i)
    for (const auto& name : other_names(all[i].name)) {
      NamedTensors changed = all;
      changed[i].name = name;
      write_safetensors(path, changed, kOurs);
      same_or_refused(path, all[i].name + " as " + name);
    }
}

TEST_F(Contents, AnAddedTensorIsCountedOrRefused) {
  const NamedTensors all = torch_tensors(network_);
  const auto path = folder_ / "w.safetensors";
  int read = 0, refusals = 0;
  for (const auto& base : {"features.0.weight", "features.28.bias", "classifier.0.weight", "classifier.6.bias"})
    for (const auto& name : other_names(base))
      for (const auto& shape : {std::vector<std::int64_t>{}, {4}, {0, 3}, {4, 6}, {8, 8, 3, 3}}) {
        NamedTensors more = all;
        more.push_back({name, shape, {}});
        write_safetensors(path, more, kOurs);
        const bool is_read = same_or_refused(path, "with " + name);
        ++(is_read ? read : refusals);
        if (!is_read) continue;
        const SafetensorsFile file(path);
        EXPECT_THAT(left_out_line(file, contents_of(file)), testing::HasSubstr("1 tensor was left out")) << name;
      }
  EXPECT_GT(read, 20);
  EXPECT_GT(refusals, 20);
}

TEST_F(Contents, KerasFilesToo) {
  const NamedTensors all = keras_tensors(network_, keras_names({"fc1", "fc2", "predictions"}));
  const auto path = folder_ / "w.h5";
  write_hdf5(path, all);
  EXPECT_TRUE(same_or_refused(path, "nothing"));
  for (std::size_t i = 0; i < all.size(); ++i) {
    NamedTensors changed = all;
    changed.erase(changed.begin() + std::ptrdiff_t(i));
    write_hdf5(path, changed);
    EXPECT_FALSE(same_or_refused(path, "without " + all[i].name)) << all[i].name;
    const std::vector<std::string> names{"zz",
                                         "zz/kernel:0",
                                         "optimizer_weights/" + all[i].name,
                                         all[i].name + "_1",
                                         replaced(replaced(all[i].name, "kernel", "gamma"), "bias", "beta"),
                                         "fc3/fc3/kernel:0",
                                         "dense/dense/bias:0",
                                         "block3_conv4/block3_conv4/kernel:0"};
    for (const auto& name : names) {
      changed = all;
      changed[i].name = name;
      write_hdf5(path, changed);
      same_or_refused(path, all[i].name + " as " + name);
    }
  }
  for (const char* name : {"zz", "alpha", "fc1/gamma:0", "dense/kernel:0", "block1_conv1/alpha", "optimizer/vars/3"})
    for (const auto& shape : {std::vector<std::int64_t>{4}, {4, 4}, {3, 3, 8, 8}}) {
      NamedTensors more = all;
      more.push_back({name, shape, {}});
      write_hdf5(path, more);
      same_or_refused(path, std::string("with ") + name);
    }
}

TEST_F(Contents, WhatIsLeftOutIsCountedWithAnExample) {
  write_safetensors(folder_ / "w.safetensors", with({{"optimizer.0.exp_avg", {4, 3, 3, 3}, {}},
                                                     {"ema.features.0.weight", {4, 3, 3, 3}, {}},
                                                     {"features.1.num_batches_tracked", {}, {}},
                                                     {"empty", {0, 3}, {}},
                                                     {"scale", {3}, {}, "F8_E8M0"},
                                                     {"criterion.weight", {4}, {}}}));
  const SafetensorsFile file(folder_ / "w.safetensors");
  const auto contents = contents_of(file);
  EXPECT_EQ(contents.of(TensorUse::Kind::parameter).size(), 32u);
  EXPECT_EQ(contents.of(TensorUse::Kind::left_out).size(), 6u);
  EXPECT_THAT(left_out_line(file, contents),
              testing::AllOf(testing::HasSubstr("6 tensors were left out"), testing::HasSubstr("optimizer.0.exp_avg")));
  EXPECT_TRUE(same_or_refused(folder_ / "w.safetensors", "with tensors of a training"));
  write_safetensors(folder_ / "w.safetensors", torch_tensors(network_));
  const SafetensorsFile plain(folder_ / "w.safetensors");
  EXPECT_EQ(left_out_line(plain, contents_of(plain)), "");
}

// A file of ours states that its activations are ReLU: nothing is assumed about it.
TEST_F(Contents, ReluIsAssumedOnlyOfOthersFiles) {
  const auto line = [&](const std::map<std::string, std::string>& metadata) {
    write_safetensors(folder_ / "w.safetensors", torch_tensors(network_), metadata);
    const SafetensorsFile file(folder_ / "w.safetensors");
    return assumption_line(file, contents_of(file));
  };
  EXPECT_EQ(line(kOurs), "");
  EXPECT_THAT(line({}), testing::HasSubstr("ReLU between its fully connected layers"));
}

// A classifier whose last layer was removed looks like one of 4096 classes.
TEST_F(Contents, InnerLayersAreNotTakenForClassesInSilence) {
  NamedTensors tensors = torch_tensors(network_);
  for (auto& tensor : tensors)
    if (tensor.name.starts_with("classifier.6.")) {
      tensor.shape[0] = 4096;
      tensor.values.clear();
    }
  write_safetensors(folder_ / "w.safetensors", tensors);
  const SafetensorsFile file(folder_ / "w.safetensors");
  EXPECT_THAT(assumption_line(file, contents_of(file)), testing::HasSubstr("4096 outputs are classes"));
}

// A file of ours states its number of classes; a third party's entry of that name may mean anything.
TEST_F(Contents, AFileOfOursWithoutItsLastLayerContradictsItself) {
  const auto path = folder_ / "w.safetensors";
  NamedTensors tensors = torch_tensors(network_);
  auto metadata = kOurs;
  metadata["classes"] = "a,b,c,d";
  write_safetensors(path, tensors, metadata);
  ASSERT_EQ(network_.architecture().classes, 4);
  EXPECT_TRUE(same_or_refused(path, "nothing"));
  tensors.resize(tensors.size() - 2);
  write_safetensors(path, tensors, metadata);
  const int outputs = network_.architecture().hidden.back();
  expect_error("w.safetensors names 4 classes, but its last layer has " + std::to_string(outputs) + " outputs",
               [&] { load_network(*device_, path); });
  write_safetensors(path, tensors, {{"classes", "a,b,c,d"}});
  EXPECT_EQ(load_network(*device_, path, {32, true})->architecture().classes, outputs);
}

TEST_F(Contents, GradientsAreNotWeights) {
  write_safetensors(folder_ / "w.safetensors", torch_tensors(network_), {{"content", "gradients"}});
  expect_error("w.safetensors holds the gradients of a training step",
               [&] { load_network(*device_, folder_ / "w.safetensors"); });
}

TEST_F(Contents, SmallTensorsThatChangeALayerAreNotLeftOut) {
  for (const char* name : {"features.1.weight", "classifier.1.weight", "bn.gamma", "norm.bias", "prelu.alpha", "mean",
                           "input_std", "features.0.weight_scale", "stn.running_var", "normalize.mean"})
    refused(std::string(name) + " (4)", with({{name, {4}, {}}}));
}

TEST_F(Contents, OneParameterTwiceIsRefused) {
  refused("a head whose order is not known, or that has no ReLU between its layers: head.fc.weight (4 x 6)",
          with({{"head.fc.weight", {4, 6}, {}}}));
}

// A head that takes one number for each channel: of one pixel, or averages. The file states which, or its pictures'
// side determines it; it is never guessed.
TEST_F(Contents, AHeadOfOneNumberForEachChannel) {
  const auto path = folder_ / "w.safetensors";
  const auto read = [&](std::optional<int> side) { return architecture_of(*open_weights(path), {side, true}); };
  const auto expect_flat = [&](std::optional<int> side, int size) {
    EXPECT_FALSE(read(side).average) << size;
    EXPECT_EQ(read(side).size, size);
  };
  const auto expect_average = [&](std::optional<int> side, int size) {
    EXPECT_TRUE(read(side).average) << size;
    EXPECT_EQ(read(side).size, size);
  };
  write_safetensors(path, torch_tensors(network_));
  expect_flat(32, 32);
  expect_flat(63, 63);
  expect_average(64, 64);
  expect_average(224, 224);
  for (const std::optional<int> side : {std::optional<int>(), std::optional(16), std::optional(2000)}) {
    expect_error("global average pooling", [&] { read(side); });
    expect_error("w.safetensors", [&] { read(side); });
  }
  write_safetensors(path, torch_tensors(network_), {{"size", "48"}, {"normalisation", "none"}});
  expect_flat({}, 48);
  write_safetensors(path, torch_tensors(network_), {{"size", "64"}, {"normalisation", "none"}});
  expect_error("says that it takes pictures of 64 x 64", [&] { read({}); });
  write_safetensors(path, torch_tensors(network_), {{"pooling", "average"}});
  expect_average({}, 224);
  expect_average(96, 96);
  write_safetensors(path, torch_tensors(network_), {{"pooling", "average"}, {"size", "160"}});
  expect_average({}, 160);
  expect_average(32, 160);
  write_safetensors(path, torch_tensors(network_), {{"pooling", "max"}});
  expect_error("w.safetensors specifies the unknown pooling 'max'", [&] { read(64); });
}

TEST_F(Contents, AnAverageTakesOneNumberForEachChannel) {
  Architecture larger = toy_architecture();
  larger.size = 64;
  Network network(*device_, larger);
  write_safetensors(folder_ / "w.safetensors", torch_tensors(network), {{"pooling", "average"}});
  expect_error("states global average pooling, but classifier.0.weight (7 x 32) takes 32 numbers",
               [&] { load_network(*device_, folder_ / "w.safetensors", {64, true}); });
}

// The file that we write of such a network says so, and nothing is assumed about it.
TEST_F(Contents, AnAverageIsWrittenAndRead) {
  Architecture architecture = toy_architecture();
  architecture.average = true;
  architecture.size = 64;
  Network network(*device_, architecture);
  initialise(network, 1);
  const auto path = folder_ / "w.safetensors";
  ModelNotes notes;
  notes.more["pooling"] = "average";
  save_weights(network, path, notes);
  const auto file = open_weights(path);
  EXPECT_EQ(file->metadata().at("pooling"), "average");
  EXPECT_FALSE(notes_of(*file).more.contains("pooling"));
  EXPECT_EQ(architecture_of(*file), architecture);
  EXPECT_EQ(assumption_line(*file, contents_of(*file), true, true), "");
  const SafetensorsFile bare(write_bare(network));
  EXPECT_THAT(assumption_line(bare, contents_of(bare), true, true),
              testing::HasSubstr("global average pooling before its head"));
  EXPECT_THAT(assumption_line(bare, contents_of(bare)), testing::Not(testing::HasSubstr("pooling")));
  save_weights(network_, path, notes);
  const auto flat = open_weights(path);
  EXPECT_FALSE(architecture_of(*flat).average);
  EXPECT_EQ(assumption_line(*flat, contents_of(*flat), true, true), "") << "it states that it flattens";
}

TEST_F(Contents, ConvolutionsAloneGiveFeaturesOfAnySide) {
  const auto path = folder_ / "w.safetensors";
  NamedTensors tensors = torch_tensors(network_);
  tensors.resize(26);
  write_safetensors(path, tensors);
  expect_error("holds convolutions only", [&] { load_network(*device_, path); });
  const auto alone = load_network(*device_, path, {64, /*head=*/false});
  EXPECT_EQ(alone->architecture().classes, 0);
  EXPECT_EQ(alone->architecture().size, 64);
  EXPECT_EQ(alone->parameters().size(), 26u);
  tensors.push_back({"classifier.bias", {4}, {}});
  refused("classifier.bias (4)", tensors);
  write_safetensors(path, tensors);
  EXPECT_EQ(load_network(*device_, path, {64, /*head=*/false})->parameters().size(), 26u) << "which does without it";
}

// NaN, the result of an overflow, is 0 behind a ReLU: the logits are finite.
TEST_F(Contents, WeightsThatOverflowAreNotUsed) {
  const auto examples = data::read_arrays(data::parse_source("arrays:" + write_ramp().string()));
  EXPECT_NO_THROW(require_no_overflow(network_, *examples, {}));
  for (auto& p : network_.parameters()) {
    if (p.block == kBlocks) continue;
    auto values = device_->download(p.value);
    for (float& v : values) v *= 1e25F;
    device_->upload(p.value, values);
  }
  for (const float logit : logits(network_)) EXPECT_TRUE(std::isfinite(logit));
  expect_error("features.2 overflows", [&] { require_no_overflow(network_, *examples, {}); });
}

TEST_F(Contents, ClassesMayBeWrittenAsAList) {
  const auto path = folder_ / "w.safetensors";
  for (const char* const text : {"cat,wild dog,cow", R"(["cat", "wild dog", "cow"])", "['cat', 'wild dog', 'cow']"}) {
    write_safetensors(path, torch_tensors(network_), {{"classes", text}});
    EXPECT_EQ(notes_of(*open_weights(path)).classes, (std::vector<std::string>{"cat", "wild dog", "cow"})) << text;
  }
}

// For a fresh head the file's own is not needed, but counted.
TEST_F(Contents, AFreshHeadNeedsNoHead) {
  const auto path = folder_ / "w.safetensors";
  NamedTensors tensors = renamed([](auto& n) { return replaced(n, "classifier.0", "classifier.1"); });
  write_safetensors(path, tensors);
  Network fresh(*device_, toy_architecture(2));
  initialise(fresh, 1);
  EXPECT_EQ(take_weights(fresh, SafetensorsFile(path), HeadInit::fresh).taken.size(), 26u);
  expect_error("classifier.1", [&] { take_weights(fresh, SafetensorsFile(path), HeadInit::keep); });
  tensors.push_back({"features.30.weight", {8, 8, 3, 3}, {}});
  write_safetensors(path, tensors);
  expect_error("features.30.weight", [&] { take_weights(fresh, SafetensorsFile(path), HeadInit::fresh); });
}

// A last layer that is a number or empty has no outputs, and nothing of it is taken.
TEST_F(Contents, AHeadWithoutOutputsIsReadSafely) {
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{}, {0, 6}}) {
    NamedTensors tensors = renamed([](auto& n) { return n; });
    const auto last = std::ranges::find(tensors, "classifier.6.weight", &NamedTensor::name);
    ASSERT_NE(last, tensors.end());
    *last = {"classifier.6.weight", shape, {}};
    const auto path = folder_ / "w.safetensors";
    write_safetensors(path, tensors);
    const SafetensorsFile file(path);
    EXPECT_EQ(outputs_of(file, contents_of(file)), 0);
    EXPECT_NO_THROW(assumption_line(file, contents_of(file)));
    expect_error("w.safetensors", [&] { load_network(*device_, path, {32, true}); });
    Network fresh(*device_, toy_architecture());
    initialise(fresh, 1);
    const auto left = take_weights(fresh, file, HeadInit::keep).left;
    EXPECT_EQ(std::ranges::count_if(left, [](const auto& l) { return l.starts_with("classifier.6.weight"); }), 1);
  }
}

}  // namespace
}  // namespace palimpsest::nn
