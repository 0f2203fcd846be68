// What the blocks of two networks have in common: the comparison on features with known answers, and the whole command
// on networks a few channels wide.
#include "experiments/representation.h"

#include <cmath>
#include <numeric>

#include "base/json.h"
#include "base/npy.h"
#include "data/arrays.h"
#include "data/pictures.h"
#include "experiments/representation/comparison.h"
#include "experiments/subjects.h"
#include "nn/inference.h"
#include "nn/weights.h"
#include "tests/support/cpu_device.h"
#include "tests/support/expect_error.h"
#include "tests/support/remarks.h"
#include "tests/support/temp_folder.h"

namespace palimpsest::experiments {
namespace {

// 120 images of 3 classes. Of 12 features, feature `class + offset` is raised by `signal` for images of a class.
BlockFeatures made(double signal, std::size_t offset, std::uint64_t seed) {
  BlockFeatures features{12, false, {}};
  Random random(seed, Purpose::test);
  for (std::size_t i = 0; i < 120; ++i)
    for (std::size_t j = 0; j < 12; ++j)
      features.values.push_back(float(random.normal() + (j == i % 3 + offset ? signal : 0)));
  return features;
}

FeaturesOfBlocks in_every_block(const BlockFeatures& features) {
  FeaturesOfBlocks blocks;
  blocks.fill(features);
  return blocks;
}

ComparedImages made_images() {
  ComparedImages images;
  images.classes = {"a", "b", "c", "absent"};
  images.concepts = {{"of a", {}}};
  for (int i = 0; i < 120; ++i) {
    images.labels.push_back(i < 90 ? i % 3 : -1);
    images.groups.push_back(i);
    images.concepts[0].labels.push_back(i % 3 == 0 ? 1 : i % 3 == 1 ? 0 : -1);
  }
  return images;
}

TEST(CompareBlocks, TheSameFeaturesAreTheSameInAllWays) {
  const auto same = in_every_block(made(4, 0, 1)), random = in_every_block(made(0, 0, 2));
  const auto blocks = compare_blocks(same, same, random, made_images(), 1);
  ASSERT_EQ(blocks.size(), 5u);
  for (const BlockComparison& block : blocks) {
    EXPECT_NEAR(block.cka_after, 1, 1e-12);
    EXPECT_NEAR(block.cka_random, 0, 0.1);
    ASSERT_EQ(block.classes.size(), 3u) << "none of a class without images";
    for (const auto& one : block.classes) {
      EXPECT_EQ(one.images, 30);
      EXPECT_GT(one.before, 0.95) << one.name;
      EXPECT_EQ(one.after, one.before);
      EXPECT_NEAR(one.random, 0.5, 0.2);
    }
    ASSERT_EQ(block.concepts.size(), 1u);
    EXPECT_EQ(block.concepts[0].shown, 40);
    EXPECT_EQ(block.concepts[0].images, 80);
    EXPECT_GT(block.concepts[0].before, 0.95);
    EXPECT_EQ(block.concepts[0].unchanged, block.concepts[0].before);
  }
}

TEST(CompareBlocks, WhatMovedAndWhatIsLost) {
  const auto before = in_every_block(made(4, 0, 1)), noise = in_every_block(made(0, 0, 2));
  const auto moved = compare_blocks(before, in_every_block(made(4, 6, 1)), noise, made_images(), 1).front();
  EXPECT_LT(moved.concepts[0].unchanged, 0.75);
  EXPECT_GT(moved.concepts[0].refitted, 0.95);
  const auto lost = compare_blocks(before, noise, noise, made_images(), 1).front();
  EXPECT_LT(lost.concepts[0].refitted, 0.75);
  EXPECT_NEAR(lost.classes[0].after, 0.5, 0.2);
}

TEST(CompareBlocks, DeadBlocksHaveNoFigures) {
  const auto before = in_every_block(made(4, 0, 1));
  const auto dead = in_every_block({12, true, std::vector<float>(1440, 0)});
  const auto blocks = compare_blocks(before, before, dead, made_images(), 1);
  EXPECT_TRUE(std::isnan(blocks[0].cka_random));
  EXPECT_TRUE(std::isnan(blocks[0].classes[0].random));
  EXPECT_THAT(comparison_csv(blocks), testing::HasSubstr("1,cka,,random,\n"));
  EXPECT_TRUE(Json::parse(comparison_json(blocks)).at(0).at("cka_random").is_null());
  EXPECT_THAT(comparison_text(blocks), testing::HasSubstr("1.000           -"));
}

TEST(CompareBlocks, FilesHoldEveryFigure) {
  BlockComparison block{3, 64, true, 0.5, 0.25, {{"a,b", 7, 0.9, 0.8, 0.6}}, {{"AU14", 5, 9, 0.7, 0.4, 0.65}}};
  EXPECT_EQ(comparison_csv({block}),
            "block,measure,name,which,value\n3,cka,,after,0.5\n3,cka,,random,0.25\n3,class,\"a,b\",before,0.9\n"
            "3,class,\"a,b\",after,0.8\n3,class,\"a,b\",random,0.6\n3,concept,AU14,before,0.7\n"
            "3,concept,AU14,unchanged,0.4\n3,concept,AU14,refitted,0.65\n");
  const Json json = Json::parse(comparison_json({block})).at(0);
  EXPECT_EQ(json.at("classes").at(0).at("after"), 0.8);
  EXPECT_EQ(json.at("concepts").at(0).at("unchanged"), 0.4);
  EXPECT_EQ(json.at("averaged"), true);
}

TEST(Subjects, UnknownOnesAreEachTheirOwn) {
  EXPECT_EQ(subject_numbers(std::vector<std::string>{"b", "", "a", "b", ""}),
            (std::vector<std::int64_t>{0, -2, 1, 0, -5}));
}

TEST(ConceptLabels, AreTheActionUnitsOfTheData) {
  data::Dataset set;
  set.samples.resize(24);
  for (std::size_t i = 0; i < 24; ++i) {
    if (i % 2 == 0) set.samples[i].action_units.push_back({14, 0});
    if (i < 9) set.samples[i].action_units.push_back({5, 3});
  }
  const data::Pictures pictures(set, std::vector<data::Cropped>(24), 2, std::vector<std::uint8_t>(24 * 12));
  std::vector<ConceptLabels> concepts;
  const std::string remarks = remarks_of([&] { concepts = read_concept_labels("action-units", pictures); });
  ASSERT_EQ(concepts.size(), 1u);
  EXPECT_EQ(concepts[0].name, "AU14");
  EXPECT_EQ(concepts[0].labels[0], 1) << "coded as present, though not scored";
  EXPECT_EQ(concepts[0].labels[1], 0);
  EXPECT_THAT(remarks, testing::HasSubstr("fewer than 10 images show, or do not show: AU5."));
}

class RepresentationCommandTest : public testing::Test {
 protected:
  static constexpr int images = 40;

  void SetUp() override {
    architecture.size = 64;
    architecture.channels = {4, 5, 6, 6, 8};
    architecture.hidden = {};
    architecture.classes = 2;
    Random random(1, Purpose::test);
    std::vector<float> values;
    std::vector<std::int64_t> labels;
    for (int i = 0; i < images; ++i) {
      labels.push_back(i % 2);
      for (int p = 0; p < 3 * 64 * 64; ++p) values.push_back(float(random.normal() + (i % 2 == 0 ? 0.5 : -0.5)));
    }
    write_npy(folder / "x.npy", values, std::vector<std::int64_t>{images, 3, 64, 64});
    write_npy(folder / "y.npy", labels, std::vector<std::int64_t>{images});
    save("a.safetensors", 1);
    command.before = command.after = folder / "a.safetensors";
    command.data.source =
        data::parse_source("arrays:" + (folder / "x.npy").string() + "," + (folder / "y.npy").string());
    command.out = folder / "r.json";
    command.csv = folder / "r.csv";
    command.on.threads = 1;
    command.on.device = {DeviceName::Kind::cpu, 0};
  }
  void save(const char* name, std::uint64_t seed) {
    nn::Network network(*device, architecture);
    nn::initialise(network, seed);
    nn::save_weights(network, folder / name, {"none", {"dark", "light"}, {}});
  }
  Json result() {
    testing::internal::CaptureStdout();
    try {
      static_cast<void>(remarks_of([&] { run_representation(command); }));
    } catch (...) {
      static_cast<void>(testing::internal::GetCapturedStdout());
      throw;
    }
    printed = testing::internal::GetCapturedStdout();
    return Json::parse(read_file(folder / "r.json"));
  }

  TempFolder folder;
  std::unique_ptr<Device> device = cpu_device();
  nn::Architecture architecture;
  RepresentationCommand command;
  std::string printed;
};

TEST_F(RepresentationCommandTest, ANetworkWithItself) {
  const Json json = result();
  EXPECT_EQ(json.at("images"), images);
  ASSERT_EQ(json.at("blocks").size(), 5u);
  for (const Json& block : json.at("blocks")) {
    EXPECT_NEAR(block.at("cka_after").get<double>(), 1, 1e-9);
    for (const Json& one : block.at("classes")) EXPECT_EQ(one.at("before"), one.at("after"));
    EXPECT_EQ(block.at("classes").at(1).at("name"), "light");
  }
  EXPECT_NEAR(json.at("blocks").at(0).at("cka_random").get<double>(), 1, 1e-9) << "its weights have the same seed";
  EXPECT_EQ(json.at("blocks").at(4).at("features"), 32) << "8 channels of 2 x 2";
  EXPECT_EQ(json.at("blocks").at(3).at("averaged"), true);
  EXPECT_THAT(printed, testing::HasSubstr("40 of 40 images"));
  EXPECT_THAT(read_file(folder / "r.csv"), testing::HasSubstr("5,class,dark,random,"));
}

TEST_F(RepresentationCommandTest, ASampleIsSeeded) {
  save("b.safetensors", 5);
  command.after = folder / "b.safetensors";
  command.images = 20;
  const Json first = result();
  EXPECT_EQ(first.at("images"), 20);
  EXPECT_EQ(first.at("of"), images);
  EXPECT_LT(first.at("blocks").at(4).at("cka_after").get<double>(), 0.9999);
  EXPECT_EQ(result(), first);
  command.seed = 2;
  EXPECT_NE(result().at("blocks"), first.at("blocks"));
}

TEST_F(RepresentationCommandTest, ConceptsAreFoundById) {
  std::string csv = "bright,id,rare\n";
  for (int i = images - 1; i >= 0; --i)
    csv += fmt::format("{},{},{}\n", i < 30 ? std::to_string(1 - i % 2) : "", i, i == 3 ? 1 : 0);
  write_file(folder / "c.csv", csv);
  command.concepts = (folder / "c.csv").string();
  const Json block = result().at("blocks").at(0);
  ASSERT_EQ(block.at("concepts").size(), 1u) << "the rare one is left out";
  EXPECT_EQ(block.at("concepts").at(0).at("name"), "bright");
  EXPECT_EQ(block.at("concepts").at(0).at("shown"), 15);
  EXPECT_EQ(block.at("concepts").at(0).at("images"), 30);
  EXPECT_EQ(block.at("concepts").at(0).at("before"), 1.0) << "the classes are bright and dark";
  EXPECT_EQ(block.at("concepts").at(0).at("unchanged"), 1.0);

  write_file(folder / "c.csv", "id,bright\n3,1\n3,0\n");
  expect_error_with({"c.csv, row 3", "3 a second time"}, [&] { result(); });
  write_file(folder / "c.csv", "id,bright\n3,yes\n");
  expect_error_with({"c.csv, row 2", "'yes' for bright"}, [&] { result(); });
  write_file(folder / "c.csv", "id,bright\nx.png,1\n");
  expect_error_with({"c.csv has no row", "like 0"}, [&] { result(); });
  command.concepts = "action-units";
  expect_error("have no action units", [&] { result(); });
}

TEST_F(RepresentationCommandTest, RefusesOtherBlocks) {
  architecture.channels[2] = 7;
  save("b.safetensors", 1);
  command.after = folder / "b.safetensors";
  expect_error("have blocks of other widths", [&] { result(); });
  command.after = command.before;
  command.out = folder / "x.npy";
  EXPECT_THROW(result(), Error) << "it would overwrite the pictures";
}

// Against the trace of the same network, and infer()'s features of the last block.
TEST_F(RepresentationCommandTest, FeaturesOfBlocksAreChannelMeans) {
  nn::Network network(*device, architecture);
  nn::initialise(network, 3);
  const auto examples = data::read_arrays(command.data.source);
  const Normalisation none = data::parse_normalisation("none");
  const auto blocks = block_features(network, examples, none, 16, "test");
  std::vector<float> last;
  nn::infer(network, examples, {16, none, true, "test"}, [&](const nn::Outputs& outputs) {
    last.insert(last.end(), outputs.features.begin(), outputs.features.end());
  });
  EXPECT_EQ(blocks[4].values, last);
  EXPECT_FALSE(blocks[4].averaged);
  EXPECT_EQ(blocks[1].columns, 5);
  ASSERT_EQ(blocks[1].values.size(), 5u * images);

  nn::Trace trace = network.make_trace(1, 0);
  std::vector<float> image(std::size_t(3 * 64 * 64));
  examples->fill(39, {}, none, image.data());
  device->upload(trace.input(), image);
  network.forward_blocks(trace);
  for (const auto& layer : trace.layers)
    if (layer.name == "pool2") {
      const auto output = device->download(layer.output);
      ASSERT_EQ(output.size(), 5u * 16 * 16);
      for (std::size_t c = 0; c < 5; ++c) {
        const auto from = output.begin() + std::ptrdiff_t(c * 256);
        EXPECT_NEAR(blocks[1].values[39 * 5 + c], std::accumulate(from, from + 256, 0.0) / 256, 1e-5);
      }
    }
}

}  // namespace
}  // namespace palimpsest::experiments
