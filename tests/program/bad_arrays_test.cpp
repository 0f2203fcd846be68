// Arrays, weights and tables that are missing, broken or of the wrong shape.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/safetensors.h"
#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

class BadArrays : public ToyModel {
 protected:
  // The weights as file `name`, with `replacement` for the first `old` in them.
  void write_changed(const std::string& name, const std::string& old, const std::string& replacement) const {
    std::string bytes = read_file(folder / "W.safetensors");
    const auto at = bytes.find(old);
    ASSERT_NE(at, std::string::npos);
    write_unsynced(folder / name, bytes.replace(at, old.size(), replacement));
  }
};

TEST_F(BadArrays, GoodOnesWork) {
  const Outcome outcome = predict("W.safetensors", "arrays:x.npy");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(read_npy(folder / "z.npy").shape, (std::vector<std::int64_t>{4, 2}));
}

TEST_F(BadArrays, Missing) {
  expect_refused(predict("W.safetensors", "arrays:gone.npy"), {"gone.npy"});
  expect_refused(predict("gone.safetensors", "arrays:x.npy"), {"gone.safetensors"});
  expect_refused(predict("W.safetensors", "folder:gone"), {"gone"});
  expect_refused(predict("W.safetensors", "photos:x"), {"photos"});
}

TEST_F(BadArrays, MalformedNpy) {
  write_unsynced(folder / "text.npy", "these are no numbers");
  expect_refused(predict("W.safetensors", "arrays:text.npy"), {"text.npy"});
  write_unsynced(folder / "empty.npy", "");
  expect_refused(predict("W.safetensors", "arrays:empty.npy"), {"empty.npy"});
  write_unsynced(folder / "short.npy", read_file(folder / "x.npy").substr(0, 5000));
  expect_refused(predict("W.safetensors", "arrays:short.npy"), {"short.npy"});
  EXPECT_FALSE(fs::exists(folder / "z.npy"));
}

TEST_F(BadArrays, WrongShapes) {
  write_npy(folder / "flat.npy", std::vector<float>(12), std::vector<std::int64_t>{12});
  expect_refused(predict("W.safetensors", "arrays:flat.npy"), {"flat.npy"});
  write_npy(folder / "large.npy", std::vector<float>(3 * 64 * 64), std::vector<std::int64_t>{1, 3, 64, 64});
  expect_refused(predict("W.safetensors", "arrays:large.npy"), {"large.npy"});
  write_npy(folder / "few.npy", std::vector<std::int64_t>{0, 1}, std::vector<std::int64_t>{2});
  expect_refused(run({"train", "--data", "arrays:x.npy,few.npy", "--init", "W.safetensors", "--out", "r"}),
                 {"few.npy"});
}

TEST_F(BadArrays, NotANumberInPixels) {
  std::vector<float> pixels = read_npy(folder / "x.npy").floats();
  pixels[1234] = std::numeric_limits<float>::quiet_NaN();
  write_npy(folder / "nan.npy", pixels, std::vector<std::int64_t>{4, 3, 32, 32});
  expect_refused(predict("W.safetensors", "arrays:nan.npy"), {"nan.npy"});
}

TEST_F(BadArrays, UnknownAndNegativeLabels) {
  write_npy(folder / "bad.npy", std::vector<std::int64_t>{0, 1, 0, 7}, std::vector<std::int64_t>{4});
  expect_refused(run({"train", "--data", "arrays:x.npy,bad.npy", "--classes", "2", "--out", "r"}), {"bad.npy"});
  write_npy(folder / "bad.npy", std::vector<std::int64_t>{0, 1, 0, -1}, std::vector<std::int64_t>{4});
  expect_refused(run({"train", "--data", "arrays:x.npy,bad.npy", "--out", "r"}), {"bad.npy"});
}

TEST_F(BadArrays, MalformedSafetensors) {
  write_unsynced(folder / "text.safetensors", "these are no weights at all");
  expect_refused(predict("text.safetensors", "arrays:x.npy"), {"text.safetensors"});
  const std::string whole = read_file(folder / "W.safetensors");
  write_unsynced(folder / "short.safetensors", whole.substr(0, whole.size() / 2));
  expect_refused(predict("short.safetensors", "arrays:x.npy"), {"short.safetensors"});
  fs::copy_file(folder / "W.safetensors", folder / "json.safetensors");
  damage("json.safetensors", 9, "}}");
  expect_refused(predict("json.safetensors", "arrays:x.npy"), {"json.safetensors"});
}

TEST_F(BadArrays, WeightsOfAnotherNetwork) {
  SafetensorsWriter writer(folder / "other.safetensors", {{"conv1.weight", {1, 1, 1, 1}}});
  writer.append(std::vector<float>{1});
  writer.commit();
  expect_refused(predict("other.safetensors", "arrays:x.npy"), {"other.safetensors"});
}

TEST_F(BadArrays, NotANumberInWeights) {
  const SafetensorsFile file(folder / "W.safetensors");
  std::vector<SafetensorsWriter::Declaration> tensors;
  for (const auto& name : file.names()) tensors.emplace_back(name, file.info(name).shape);
  SafetensorsWriter writer(folder / "nan.safetensors", tensors, file.metadata());
  for (const auto& name : file.names()) {
    auto values = file.read_floats(name);
    if (name == "features.12.weight") values[0] = std::numeric_limits<float>::quiet_NaN();
    writer.append(values);
  }
  writer.commit();
  expect_refused(predict("nan.safetensors", "arrays:x.npy"), {"nan.safetensors", "features.12"});
}

TEST_F(BadArrays, TargetsThatAreNoClasses) {
  const auto explain = [this](const std::string& target) {
    return run(
        {"explain", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--target", target, "--maps", "R.npy"});
  };
  expect_refused(explain("9"), {"9"});
  expect_refused(explain("0,1"), {"--target", "2 classes for 4 images"});
  expect_refused(explain("happy"), {"happy"});
  expect_refused(explain("true"), {"--target predicted", "label"});
  EXPECT_FALSE(fs::exists(folder / "R.npy"));
}

TEST_F(BadArrays, UnknownRulesAndDialects) {
  const auto explain = [this](const char* option, const char* value) {
    return run({"explain", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--target", "0", option, value,
                "--maps", "R.npy"});
  };
  expect_refused(explain("--rules", "golden"), {"golden"});
  expect_refused(explain("--dialect", "martian"), {"martian"});
}

TEST_F(BadArrays, MalformedTables) {
  const std::string good = "id,label,predicted,p0,p1\na,0,0,0.9,0.1\nb,1,0,0.6,0.4\n";
  write_unsynced(folder / "a.csv", good);
  const auto compare = [this](const std::string& b) {
    return run({"compare", "--a", "a.csv", "--b", b, "--out", "m.json"});
  };
  EXPECT_EQ(compare("a.csv").status, 0);
  fs::remove(folder / "m.json");
  expect_refused(compare("gone.csv"), {"gone.csv"});
  write_unsynced(folder / "b.csv", "id,label\na,0\n");
  expect_refused(compare("b.csv"), {"b.csv"});
  write_unsynced(folder / "b.csv", "id,label,predicted,p0,p1\na,zero,0,0.9,0.1\nb,1,0,0.6,0.4\n");
  expect_refused(compare("b.csv"), {"b.csv", "zero"});
  write_unsynced(folder / "b.csv", "id,label,predicted,p0,p1\na,0,0,0.9,0.1\n");
  expect_refused(compare("b.csv"), {"b.csv"});
  write_unsynced(folder / "b.csv", "id,label,predicted,p0,p1\na,0,0,0.9\nb,1,0,0.6,0.4\n");
  expect_refused(compare("b.csv"), {"b.csv"});
  EXPECT_FALSE(fs::exists(folder / "m.json"));
}

TEST_F(BadArrays, ClassesNobodyHas) {
  write_unsynced(folder / "a.csv", "id,label,predicted,p0,p1\na,0,0,0.9,0.1\nb,1,0,0.6,0.4\n");
  expect_refused(run({"compare", "--a", "a.csv", "--b", "a.csv", "--class", "5", "--out", "m.json"}), {"5"});
}

TEST_F(BadArrays, ConceptLabels) {
  ASSERT_EQ(run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--features", "f.npy"}).status, 0);
  const auto concept_test = [this](const std::vector<std::int64_t>& labels) {
    write_npy(folder / "l.npy", labels, std::vector<std::int64_t>{std::int64_t(labels.size())});
    return run({"concept", "--features", "f.npy", "f.npy", "--labels", "l.npy", "--repeats", "2", "--out", "c.json"});
  };
  expect_refused(concept_test({0, 1, 0}), {"f.npy", "l.npy has 3 labels"});
  expect_refused(concept_test({0, 1, 0, 2}), {"l.npy"});
  expect_refused(concept_test({0, 0, 0, 0}), {"l.npy", "concept"});
  EXPECT_FALSE(fs::exists(folder / "c.json"));
}

// 40 pixels have as many features as the 32 that the weights were made for.
TEST_F(BadArrays, PicturesOfAnotherSize) {
  write_npy(folder / "forty.npy", std::vector<float>(std::size_t(3 * 40 * 40), 0.5F),
            std::vector<std::int64_t>{1, 3, 40, 40});
  expect_refused(predict("W.safetensors", "arrays:forty.npy"), {"forty.npy", "40 x 40", "32 x 32"});
}

TEST_F(BadArrays, IntegersForWeights) {
  write_changed("int.safetensors", "\"F32\"", "\"I32\"");
  expect_refused(predict("int.safetensors", "arrays:x.npy"), {"int.safetensors", "I32"});
}

TEST_F(BadArrays, MetadataOfAnotherWorld) {
  write_changed("meta.safetensors", "torchvision", "topsy-turvy");
  expect_refused(predict("meta.safetensors", "arrays:x.npy"), {"meta.safetensors", "topsy-turvy"});
}

TEST_F(BadArrays, TrainingDoesNotOverwriteWhatItStartsFrom) {
  fs::create_directory(folder / "mine");
  fs::copy_file(folder / "W.safetensors", folder / "mine/weights.safetensors");
  const UntouchedFiles files(folder.path());
  expect_refused(run({"train", "--data", "arrays:x.npy,y.npy", "--init", "mine/weights.safetensors", "--steps", "1",
                      "--out", "mine"}),
                 {"mine/weights.safetensors"});
  files.expect_untouched();
}

TEST_F(BadArrays, OneFileForTwoOutputs) {
  expect_refused(run({"predict", "--weights", "W.safetensors", "--data", "arrays:x.npy", "--logits", "z.npy",
                      "--features", "z.npy"}),
                 {"z.npy"});
}

// A name from a data file must not write escape sequences to the terminal, nor flood it.
TEST_F(BadArrays, NamesThatAreNoText) {
  const std::string row = ",0,1,.4,.6\n", header = "id,label,predicted,p0,p1\n";
  write_unsynced(folder / "a.csv", header + "\"\x1b[31m\n" + std::string(100'000, 'x') + "\"" + row);
  write_unsynced(folder / "b.csv", header + "b" + row);
  const Outcome outcome = run({"compare", "--a", "a.csv", "--b", "b.csv", "--out", "m.json"});
  expect_refused(outcome, {"a.csv"});
  EXPECT_LT(outcome.errors.size(), 10'000U);
  EXPECT_EQ(outcome.errors.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1);
}

}  // namespace
}  // namespace palimpsest
