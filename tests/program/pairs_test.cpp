// Pairs of pictures with and without an action unit: what the program says of them, and what it refuses.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/csv.h"
#include "data/image.h"
#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

using testing::HasSubstr;

class PairsOfPictures : public ToyModel {
 protected:
  static constexpr int count = 6;

  void SetUp() override {
    ToyModel::SetUp();
    std::string list = "pair,subject,action_unit,context,with,without\n";
    for (int i = 0; i < count; ++i) {
      for (const char* which : {"with", "without"}) picture(fmt::format("pairs/{}-{}.png", i, which), 32);
      list += fmt::format("p{0},s{1},5,fear,{0}-with.png,{0}-without.png\n", i, i / 2);
    }
    write_unsynced(folder / "pairs/pairs.csv", list);
  }
  void picture(const std::string& name, int size) const {
    fs::create_directories((folder / name).parent_path());
    data::Image image(size, size);
    for (std::size_t p = 0; p < image.pixels.size(); ++p)
      image.pixels[p] = std::uint8_t((p * 31 + std::hash<std::string>{}(name) % 997 * (p / 96)) % 256);
    data::write_png(folder / name, image);
  }
  Outcome pairs(std::vector<std::string> more = {}, const std::string& weights = "W.safetensors") const {
    std::vector<std::string> all{"pairs", "--before", weights, "--data", "pairs", "--out", "effects"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  // The logits of both pictures of every pair by predict, which reads them as a folder of pictures.
  std::vector<float> logits() const {
    const Outcome got = run({"predict", "--weights", "W.safetensors", "--data", "folder:pairs", "--part", "all",
                             "--size", "32", "--logits", "z.npy", "--ids", "ids.csv"});
    EXPECT_EQ(got.status, 0) << got.errors;
    const NpyArray array = read_npy(folder / "z.npy");
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2 * count, 2}));
    const auto floats = array.floats();
    return {floats.begin(), floats.end()};
  }
  // The same network with names for its classes.
  void other_weights(const std::string& name, const std::string& classes) const {
    const Outcome made = run({"weights", "W.safetensors", "--class-names", classes, "--out", name});
    ASSERT_EQ(made.status, 0) << made.errors;
  }
};

TEST_F(PairsOfPictures, TheEffectIsThatOfTheLogits) {
  const Outcome got = pairs();
  ASSERT_EQ(got.status, 0) << got.errors;
  const std::vector<float> z = logits();
  const Csv ids = read_csv(folder / "ids.csv");
  std::vector<double> with, change;
  for (int i = 0; i < count; ++i) {  // of class 1 against 0; "0-with.png" comes before "0-without.png"
    const auto odds = [&](std::size_t at) { return double(z[2 * at + 1]) - z[2 * at]; };
    ASSERT_EQ(ids.rows[2 * std::size_t(i)][0], fmt::format("{}-with.png", i));
    with.push_back(odds(2 * std::size_t(i)));
    change.push_back(odds(2 * std::size_t(i)) - odds(2 * std::size_t(i) + 1));
  }
  double mean = 0, centre = 0, squares = 0;
  for (int i = 0; i < count; ++i) mean += change[std::size_t(i)] / count, centre += with[std::size_t(i)] / count;
  for (const double w : with) squares += (w - centre) * (w - centre);
  const double effect = mean / std::sqrt(squares / (count - 1));

  const auto json = nlohmann::json::parse(read_file(folder / "effects/effects.json"));
  ASSERT_EQ(json.size(), 2u) << "one unit, one context, two classes";
  EXPECT_EQ(json[1].at("action_unit"), 5);
  EXPECT_EQ(json[1].at("context"), "all");
  EXPECT_EQ(json[1].at("pairs"), count);
  EXPECT_EQ(json[1].at("subjects"), 3);
  EXPECT_NEAR(json[1].at("effect_before").at("mean"), effect, 1e-4 * std::abs(effect) + 1e-6);
  EXPECT_NEAR(json[0].at("effect_before").at("mean"), -effect, 1e-4 * std::abs(effect) + 1e-6);
  EXPECT_FALSE(json[0].contains("ratio"));
  EXPECT_THAT(got.output, HasSubstr(fmt::format("{:+.2f}", effect)));
  const Csv csv = read_csv(folder / "effects/effects.csv");
  ASSERT_EQ(csv.rows.size(), 2u);
  EXPECT_NEAR(parse_number(csv.rows[1][std::size_t(csv.column("effect_before_high"))], ""),
              json[1].at("effect_before").at("high"), 1e-4);
}

TEST_F(PairsOfPictures, AModelDoesNotDifferFromItself) {
  const Outcome got = pairs({"--after", "W.safetensors"});
  ASSERT_EQ(got.status, 0) << got.errors;
  EXPECT_THAT(got.output, HasSubstr("change"));
  for (const auto& row : nlohmann::json::parse(read_file(folder / "effects/effects.json"))) {
    EXPECT_EQ(row.at("effect_after"), row.at("effect_before"));
    EXPECT_EQ(row.at("difference").at("mean"), 0);
    if (!row.at("ratio").is_null()) {
      EXPECT_NEAR(row.at("ratio").at("mean"), 1, 1e-9);
    }
  }
}

// The second model has the classes in the other order: its logits are matched by name.
TEST_F(PairsOfPictures, ClassesAreMatchedByName) {
  other_weights("ab.safetensors", "a,b");
  other_weights("ba.safetensors", "b,a");
  const Outcome got = pairs({"--after", "ba.safetensors"}, "ab.safetensors");
  ASSERT_EQ(got.status, 0) << got.errors;
  for (const auto& row : nlohmann::json::parse(read_file(folder / "effects/effects.json")))
    EXPECT_NEAR(row.at("effect_after").at("mean"), -row.at("effect_before").at("mean").get<double>(), 1e-6)
        << row.at("class") << ": the same weights under swapped names";
}

TEST_F(PairsOfPictures, WhatCannotBeUsedIsRefused) {
  other_weights("ab.safetensors", "a,b");
  other_weights("cd.safetensors", "c,d");
  expect_refused(pairs({"--after", "cd.safetensors"}, "ab.safetensors"),
                 {"ab.safetensors", "cd.safetensors", "a, b", "c, d", "the same classes"});
  expect_refused(pairs({"--units", "14"}), {"AU14", "--units takes 5"});
  expect_refused(pairs({}, "gone.safetensors"), {"gone.safetensors"});
  expect_refused(pairs({"--size", "64"}), {"64"});
  const std::string list = read_file(folder / "pairs/pairs.csv");
  write_unsynced(folder / "pairs/pairs.csv", list.substr(0, list.find("p2")));
  expect_refused(pairs(), {"AU5", "one subject", "--units"});
  std::string ambiguous = list;
  ambiguous.replace(ambiguous.find("fear"), 4, "all");
  write_unsynced(folder / "pairs/pairs.csv", ambiguous);
  expect_refused(pairs(), {"context 'all'"});
  write_unsynced(folder / "pairs/pairs.csv", list);
  picture("pairs/3-without.png", 40);
  expect_refused(pairs(), {"differ in size", "3-with.png", "32 x 32", "40 x 40"});
  write_unsynced(folder / "pairs/3-without.png", "no picture");
  expect_refused(pairs(), {"3-without.png"});
  fs::remove(folder / "pairs/3-without.png");
  expect_refused(pairs(), {"pairs.csv, row 5", "3-without.png"});
  EXPECT_FALSE(fs::exists(folder / "effects"));
  fs::remove(folder / "pairs/pairs.csv");
  expect_refused(pairs(), {"pairs/pairs.csv"});
}

TEST_F(PairsOfPictures, ModelsThatTellNothingAreRefused) {
  for (int i = 1; i < count; ++i)
    fs::copy_file(folder / "pairs/0-with.png", folder / fmt::format("pairs/{}-with.png", i),
                  fs::copy_options::overwrite_existing);
  expect_refused(pairs(), {"the same log-odds"});
}

TEST_F(PairsOfPictures, DrawnOnesAreRead) {
  const Outcome drawn =
      run({"draw-faces", "--pairs", "drawn", "--pair-units", "5,14", "--pairs-per-unit", "6", "--size", "48"});
  ASSERT_EQ(drawn.status, 0) << drawn.errors;
  EXPECT_THAT(drawn.output, testing::ContainsRegex("AU14 +6 +[0-9.]+ %  contempt"));
  const Outcome got = run({"pairs", "--before", "W.safetensors", "--data", "drawn", "--device", "cpu", "--bottom-cut",
                           "blank", "--out", "effects"});
  ASSERT_EQ(got.status, 0) << got.errors;
  const auto json = nlohmann::json::parse(read_file(folder / "effects/effects.json"));
  std::set<std::string> contexts;
  for (const auto& row : json) contexts.insert(row.at("context"));
  EXPECT_EQ(contexts, (std::set<std::string>{"all", "anger", "fear", "surprise"})) << "AU14 is contempt's only";
  EXPECT_EQ(got.errors, "") << "no remark: landmarks are known";
  // Another unit's pairs change nothing.
  const Outcome alone = run({"pairs", "--before", "W.safetensors", "--data", "drawn", "--device", "cpu", "--bottom-cut",
                             "blank", "--units", "5", "--out", "alone"});
  ASSERT_EQ(alone.status, 0) << alone.errors;
  const auto fewer = nlohmann::json::parse(read_file(folder / "alone/effects.json"));
  ASSERT_EQ(fewer.size(), 8u) << "four contexts, two classes";
  for (std::size_t i = 0; i < fewer.size(); ++i) {
    EXPECT_EQ(fewer[i].at("context"), json[i].at("context"));
    const double expected = json[i].at("effect_before").at("mean");
    EXPECT_NEAR(fewer[i].at("effect_before").at("mean"), expected, 1e-4 * std::abs(expected) + 1e-6);
  }
}

}  // namespace
}  // namespace palimpsest
