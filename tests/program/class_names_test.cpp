// Classes are matched by the names in the weights, even if data or another model number them differently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "base/safetensors.h"
#include "data/image.h"
#include "tests/program/toy_model.h"

namespace palimpsest {
namespace {

using testing::HasSubstr;

// set/{angry,happy,sad} with three pictures each, and W.safetensors, a narrow network trained on them.
class ClassNames : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"angry", "happy", "sad"}) pictures(fs::path("set") / name, name);
    const Outcome made = train("folder:set", "model", {});
    ASSERT_EQ(made.status, 0) << made.errors;
    fs::copy_file(folder / "model/weights.safetensors", folder / "W.safetensors");
  }

  // Three pictures that depend on `what` and not on where they are.
  void pictures(const fs::path& where, const std::string& what) const {
    fs::create_directories(folder / where);
    for (int i = 0; i < 3; ++i) {
      data::Image image(32, 32);
      for (std::size_t p = 0; p < image.pixels.size(); ++p)
        image.pixels[p] = std::uint8_t((p * std::size_t(7 + i) + std::size_t(what[0]) * p % 97) % 256);
      data::write_png(folder / where / (what + std::to_string(i) + ".png"), image);
    }
  }
  Outcome run(const std::vector<std::string>& arguments) const {
    return run_program(arguments, {.folder = folder.path()});
  }
  static std::vector<std::string> with(std::vector<std::string> all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome train(const std::string& data, const std::string& out, const std::vector<std::string>& more) const {
    return run(with({"train", "--data", data, "--width", "0.125", "--hidden", "8", "--size", "32", "--steps", "1",
                     "--crop", "none", "--validation-share", "0", "--out", out},
                    more));
  }
  Outcome evaluate(const std::string& weights, const std::string& data, const std::string& predictions,
                   const std::vector<std::string>& more = {}) const {
    return run(with({"evaluate", "--weights", weights, "--data", data, "--part", "all", "--crop", "none",
                     "--predictions", predictions, "--out", "e.json"},
                    more));
  }
  Outcome explain(const std::string& data, const std::string& target, const std::string& maps,
                  const std::vector<std::string>& more = {}) const {
    return run(with({"explain", "--weights", "W.safetensors", "--data", data, "--part", "all", "--crop", "none",
                     "--target", target, "--maps", maps},
                    more));
  }

  // The rows of a predictions file by the picture's name.
  std::map<std::string, std::vector<std::string>> rows(const std::string& predictions) const {
    const Csv csv = read_csv(folder / predictions);
    std::map<std::string, std::vector<std::string>> by_name;
    for (const auto& row : csv.rows) by_name[fs::path(row[0]).filename().string()] = {row.begin() + 1, row.end()};
    return by_name;
  }
  // The rows of `part` are in `whole`, number for number.
  void expect_same_rows(const std::string& part, const std::string& whole, std::size_t count) const {
    const auto some = rows(part), all = rows(whole);
    EXPECT_EQ(some.size(), count);
    for (const auto& [name, row] : some) EXPECT_EQ(row, all.at(name)) << name;
  }
  std::vector<float> maps(const std::string& name) const { return read_npy(folder / name).floats(); }

  // W.safetensors with its classes in reverse, in the classifier as in their names; `names`: none are written if false.
  void write_reversed(const std::string& name, bool names = true) const {
    const SafetensorsFile file(folder / "W.safetensors");
    auto metadata = file.metadata();
    EXPECT_EQ(metadata.at("classes"), "angry,happy,sad");
    metadata["classes"] = "sad,happy,angry";
    if (!names) metadata.erase("classes");
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const auto& tensor : file.names()) declarations.emplace_back(tensor, file.info(tensor).shape);
    SafetensorsWriter writer(folder / name, declarations, metadata);
    for (const auto& tensor : file.names()) {
      auto values = file.read_floats(tensor);
      if (tensor.starts_with("classifier.3.")) {
        const std::size_t width = values.size() / 3;
        std::swap_ranges(values.begin(), values.begin() + std::ptrdiff_t(width), values.end() - std::ptrdiff_t(width));
      }
      writer.append(values);
    }
    writer.commit();
  }

  TempFolder folder;
};

TEST_F(ClassNames, ScoresSubsetsReorderingsAndOtherNames) {
  ASSERT_EQ(evaluate("W.safetensors", "folder:set", "all.csv").status, 0);
  EXPECT_EQ(rows("all.csv").at("happy1.png")[0], "1");
  EXPECT_EQ(rows("all.csv").at("happy1.png")[5], "happy");

  pictures("subset/happy", "happy");
  pictures("subset/sad", "sad");
  const Outcome subset = evaluate("W.safetensors", "folder:subset", "subset.csv");
  EXPECT_EQ(subset.status, 0) << subset.errors;
  EXPECT_THAT(subset.errors, HasSubstr("happy is 1, sad is 2"));
  EXPECT_THAT(subset.errors, HasSubstr("Classes without images: angry"));
  expect_same_rows("subset.csv", "all.csv", 6);
  const auto json = nlohmann::json::parse(read_file(folder / "e.json"));
  EXPECT_EQ(json["classes"][2]["name"], "sad");
  EXPECT_EQ(json["classes"][0]["support"], 0);
  EXPECT_NEAR(json["macro_present"]["recall"].get<double>() * 2, json["macro"]["recall"].get<double>() * 3, 1e-12);

  pictures("one/sad", "sad");
  EXPECT_EQ(evaluate("W.safetensors", "folder:one", "one.csv").status, 0) << "a single class can be scored";
  expect_same_rows("one.csv", "all.csv", 3);

  pictures("cased/Happy", "happy");  // capitals sort before small letters
  pictures("cased/SAD", "sad");
  pictures("cased/angry", "angry");
  const Outcome cased = evaluate("W.safetensors", "folder:cased", "cased.csv");
  EXPECT_THAT(cased.errors, HasSubstr("Happy is 1, SAD is 2, angry is 0"));
  expect_same_rows("cased.csv", "all.csv", 9);

  pictures("other/sadness", "sad");
  pictures("other/anger", "angry");
  const Outcome other = evaluate("W.safetensors", "folder:other", "other.csv");
  EXPECT_THAT(other.errors, HasSubstr("anger is matched to angry, sadness to sad"));
  expect_same_rows("other.csv", "all.csv", 6);

  const Outcome dropped = evaluate("W.safetensors", "folder:set", "dropped.csv", {"--drop-classes", "ANGER"});
  EXPECT_EQ(dropped.status, 0) << dropped.errors;
  expect_same_rows("dropped.csv", "all.csv", 6);
}

TEST_F(ClassNames, SupersetsAreRefusedWithBothLists) {
  fs::copy(folder / "set", folder / "more", fs::copy_options::recursive);
  pictures("more/wolf", "wolf");
  expect_refused(evaluate("W.safetensors", "folder:more", "p.csv"),
                 {"wolf", "W.safetensors", "angry, happy, sad, wolf", "angry, happy, sad", "--drop-classes wolf"});
  expect_refused(explain("folder:more", "true", "R.npy"), {"wolf", "W.safetensors"});
  EXPECT_EQ(evaluate("W.safetensors", "folder:more", "p.csv", {"--drop-classes", "wolf"}).status, 0);
  pictures("pain/pain", "pain");
  pictures("pain/no pain", "none");
  expect_refused(evaluate("W.safetensors", "folder:pain", "p.csv"), {"no pain, pain", "angry, happy, sad"});

  const Outcome predicted = run({"predict", "--weights", "W.safetensors", "--data", "folder:more", "--part", "all",
                                 "--crop", "none", "--logits", "z.npy", "--ids", "ids.csv"});
  EXPECT_EQ(predicted.status, 0) << predicted.errors;
  EXPECT_THAT(predicted.errors, HasSubstr("3 images of classes that W.safetensors does not have (wolf)"));
  std::map<std::string, int> labels;
  for (const auto& row : read_csv(folder / "ids.csv").rows) ++labels[row[1]];
  EXPECT_EQ(labels, (std::map<std::string, int>{{"-1", 3}, {"0", 3}, {"1", 3}, {"2", 3}}));
}

TEST_F(ClassNames, TwoNamesThatDifferInCaseAreRefused) {
  pictures("set/Happy", "happy");
  expect_refused(evaluate("W.safetensors", "folder:set", "p.csv"), {"'Happy'", "'happy'"});
  expect_refused(train("folder:set", "again", {}), {"'Happy'", "'happy'"});
}

TEST_F(ClassNames, WithoutNamesPositionCountsOnlyWhereNumbersAgree) {
  write_reversed("bare.safetensors", false);
  const Outcome same = evaluate("bare.safetensors", "folder:set", "p.csv");
  EXPECT_EQ(same.status, 0) << same.errors;
  EXPECT_THAT(same.errors, HasSubstr("bare.safetensors does not name its classes"));
  pictures("subset/happy", "happy");
  pictures("subset/sad", "sad");
  expect_refused(evaluate("bare.safetensors", "folder:subset", "p.csv"), {"bare.safetensors", "3 classes", "2"});

  ASSERT_EQ(evaluate("W.safetensors", "folder:set", "all.csv").status, 0);
  const Outcome named =
      evaluate("bare.safetensors", "folder:subset", "named.csv", {"--class-names", "sad,happy,angry"});
  EXPECT_EQ(named.status, 0) << named.errors;
  EXPECT_EQ(rows("named.csv").at("sad0.png")[0], "0");
  EXPECT_EQ(rows("named.csv").at("sad0.png")[2], rows("all.csv").at("sad0.png")[4]) << "its probability";
  write_unsynced(folder / "names.txt", "sad\nhappy\nangry\n");
  EXPECT_EQ(evaluate("bare.safetensors", "folder:subset", "file.csv", {"--class-names", "@names.txt"}).status, 0);
  EXPECT_EQ(read_file(folder / "file.csv"), read_file(folder / "named.csv"));
  expect_refused(evaluate("bare.safetensors", "folder:set", "p.csv", {"--class-names", "a,b"}),
                 {"--class-names", "2", "3"});
  EXPECT_THAT(evaluate("W.safetensors", "folder:set", "p.csv", {"--class-names", "a,b,c"}).errors,
              HasSubstr("W.safetensors names its own classes"));
}

TEST_F(ClassNames, TargetsAreNamedOrNumbered) {
  pictures("subset/happy", "happy");
  pictures("subset/sad", "sad");
  ASSERT_EQ(explain("folder:subset", "true", "true.npy").status, 0);
  ASSERT_EQ(explain("folder:subset", "1,1,1,2,2,2", "numbers.npy").status, 0);
  EXPECT_EQ(maps("true.npy"), maps("numbers.npy"));
  ASSERT_EQ(explain("folder:subset", "Happy,happiness,happy,sad,sad,2", "names.npy").status, 0);
  EXPECT_EQ(maps("true.npy"), maps("names.npy"));
  expect_refused(explain("folder:subset", "wolf", "R.npy"), {"wolf", "angry, happy, sad"});
}

TEST_F(ClassNames, TheSecondModelMayNumberThemOtherwise) {
  write_reversed("reversed.safetensors");
  for (const char* const target : {"true", "predicted", "all", "happy", "0"}) {
    const Outcome outcome = explain("folder:set", target, "R.npy", {"--minus", "reversed.safetensors"});
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_THAT(outcome.errors, HasSubstr("angry is 2, happy is 1, sad is 0"));
    for (const float value : maps("R.npy")) ASSERT_EQ(value, 0) << target;
  }
  pictures("two/happy", "happy");
  pictures("two/sad", "sad");
  ASSERT_EQ(train("folder:two", "second", {}).status, 0);
  EXPECT_EQ(explain("folder:two", "true", "R.npy", {"--minus", "second/weights.safetensors"}).status, 0);
  expect_refused(explain("folder:set", "true", "R.npy", {"--minus", "second/weights.safetensors"}),
                 {"angry", "happy, sad", "angry, happy, sad"});
}

TEST_F(ClassNames, CompareGoesByNameToo) {
  write_reversed("reversed.safetensors");
  ASSERT_EQ(evaluate("W.safetensors", "folder:set", "a.csv").status, 0);
  ASSERT_EQ(evaluate("reversed.safetensors", "folder:set", "b.csv").status, 0);
  const auto compare = [&](const std::vector<std::string>& more) {
    return run(with({"compare", "--a", "a.csv", "--b", "b.csv", "--out", "m.json"}, more));
  };
  const Outcome outcome = compare({});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, HasSubstr("matched by name"));
  auto json = nlohmann::json::parse(read_file(folder / "m.json"));
  EXPECT_EQ(json["b"], 0);
  EXPECT_EQ(json["c"], 0);
  EXPECT_EQ(json["both_right"].get<int>() + json["both_wrong"].get<int>(), 9);
  ASSERT_EQ(compare({"--class", "SAD"}).status, 0);
  json = nlohmann::json::parse(read_file(folder / "m.json"));
  EXPECT_EQ(json["both_right"].get<int>() + json["both_wrong"].get<int>(), 3);
  expect_refused(compare({"--class", "wolf"}), {"wolf", "a.csv", "angry"});
}

// With --head-init keep a class starts from the row of its name; a new one is newly initialised.
TEST_F(ClassNames, TheClassifiersRowsMoveByName) {
  pictures("next/Sadness", "sad");
  pictures("next/angry", "angry");
  pictures("next/wolf", "wolf");
  const Outcome outcome =
      train("folder:next", "next-model", {"--init", "W.safetensors", "--head-init", "keep", "--lr", "1e-30"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, HasSubstr("Sadness is matched to sad"));
  EXPECT_THAT(outcome.errors, HasSubstr("newly initialised: wolf"));
  const SafetensorsFile before(folder / "W.safetensors"), after(folder / "next-model/weights.safetensors");
  EXPECT_EQ(after.metadata().at("classes"), "Sadness,angry,wolf");
  const auto w = before.read_floats("classifier.3.weight"), v = after.read_floats("classifier.3.weight");
  const auto row = [](const std::vector<float>& all, std::size_t i) {
    return std::vector<float>(all.begin() + std::ptrdiff_t(8 * i), all.begin() + std::ptrdiff_t(8 * i + 8));
  };
  EXPECT_EQ(row(v, 0), row(w, 2));
  EXPECT_EQ(row(v, 1), row(w, 0));
  EXPECT_NE(row(v, 2), row(w, 1));
  EXPECT_EQ(after.read_floats("classifier.0.weight"), before.read_floats("classifier.0.weight"));
}

// The last layer of one network is an inner layer of the other: its rows are not moved, regardless of their number.
TEST_F(ClassNames, AnotherHeadTakesNoRowsOfTheClassifier) {
  const Outcome dense = train("folder:set", "dense", {"--init", "W.safetensors", "--head", "dense", "--lr", "1e-30"});
  EXPECT_EQ(dense.status, 0) << dense.errors;
  EXPECT_THAT(dense.errors, HasSubstr("the head (classifier.*) is newly initialised"));
  EXPECT_THAT(dense.errors, testing::Not(HasSubstr("by name")));
  const auto hidden = SafetensorsFile(folder / "W.safetensors").read_floats("classifier.0.weight");
  const auto head = SafetensorsFile(folder / "dense/weights.safetensors").read_floats("classifier.0.weight");
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t other = 0; other < 8; ++other) {
      const std::size_t width = head.size() / 3;
      EXPECT_FALSE(std::equal(head.begin() + std::ptrdiff_t(row * width),
                              head.begin() + std::ptrdiff_t((row + 1) * width),
                              hidden.begin() + std::ptrdiff_t(other * width)));
    }
  const Outcome wider = train("folder:set", "wider", {"--init", "W.safetensors", "--hidden", "16"});
  EXPECT_EQ(wider.status, 0) << wider.errors;
  EXPECT_THAT(wider.errors, HasSubstr("newly initialised: classifier.3.weight"))
      << "the classifier there, an inner layer here";
  EXPECT_THAT(wider.errors, HasSubstr("classifier.3.bias")) << "weight and bias together";
  EXPECT_THAT(wider.errors, testing::Not(HasSubstr("by name")));
}

// A picture stays in the same part regardless of dropped classes.
TEST_F(ClassNames, DroppingClassesMovesNoPictureBetweenParts) {
  const auto validation = [&](const std::vector<std::string>& more) {
    const Outcome outcome =
        run(with({"evaluate", "--weights", "W.safetensors", "--data", "folder:set", "--part", "validation",
                  "--validation-share", "0.5", "--crop", "none", "--predictions", "v.csv"},
                 more));
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    std::vector<std::string> ids;
    for (const auto& row : read_csv(folder / "v.csv").rows)
      if (!row[0].starts_with("sad/")) ids.push_back(row[0]);
    return ids;
  };
  EXPECT_EQ(validation({}), validation({"--drop-classes", "sad,sadness"}));
}

TEST_F(ClassNames, NamesThatAreGivenToTwoModelsAreSaid) {
  write_reversed("one.safetensors", false);
  write_reversed("two.safetensors", false);
  EXPECT_THAT(run({"explain", "--weights", "one.safetensors", "--minus", "two.safetensors", "--data", "folder:set",
                   "--part", "all", "--target", "0", "--maps", "R.npy", "--class-names", "sad,happy,angry"})
                  .errors,
              HasSubstr("--class-names is used for both"));
}

// Labels of arrays: are the numbers of the weights, whose names a model trained on from them keeps.
TEST_F(ClassNames, ArraysUseTheWeightsNumbers) {
  write_npy(folder / "x.npy", std::vector<float>(2 * 3 * 32 * 32, 0.5F), std::vector<std::int64_t>{2, 3, 32, 32});
  write_npy(folder / "y.npy", std::vector<std::int64_t>{2, 0}, std::vector<std::int64_t>{2});
  ASSERT_EQ(
      run({"train", "--data", "arrays:x.npy,y.npy", "--init", "W.safetensors", "--steps", "1", "--out", "on"}).status,
      0);
  EXPECT_EQ(SafetensorsFile(folder / "on/weights.safetensors").metadata().at("classes"), "angry,happy,sad");
  expect_refused(evaluate("W.safetensors", "arrays:x.npy,y.npy", "p.csv", {"--size", "64"}), {"--size 64", "32 x 32"});
  EXPECT_THAT(evaluate("W.safetensors", "arrays:x.npy,y.npy", "p.csv", {"--normalisation", "caffe"}).errors,
              HasSubstr("--normalisation only describes its values"));
  ASSERT_EQ(evaluate("W.safetensors", "arrays:x.npy,y.npy", "p.csv").status, 0);
  const auto predictions = rows("p.csv");
  EXPECT_EQ(predictions.at("0")[0], "2");
  EXPECT_EQ(predictions.at("0")[5], "sad");
  ASSERT_EQ(run({"train", "--data", "arrays:x.npy,y.npy", "--width", "0.125", "--hidden", "8", "--class-names", "a,b,c",
                 "--steps", "1", "--out", "named"})
                .status,
            0);
  EXPECT_EQ(SafetensorsFile(folder / "named/weights.safetensors").metadata().at("classes"), "a,b,c");
}

// CK+ as distributed: some sequences have no emotion.
TEST_F(ClassNames, TheLabelledPartOfCkPlusIsScored) {
  const auto sequence = [&](const std::string& name, const std::string& what, const std::string& emotion) {
    const std::string below = name + "/001/", stem = name + "_001_00000009";
    pictures("tmp", what);
    for (const char* top : {"cohn-kanade-images", "FACS", "Emotion"})
      fs::create_directories(folder / "ck" / top / below);
    fs::copy_file(folder / "tmp" / (what + "0.png"), folder / "ck/cohn-kanade-images" / below / (stem + ".png"));
    write_unsynced(folder / "ck/FACS" / below / (stem + "_facs.txt"), "   1.0e+00   2.0e+00\n");
    if (!emotion.empty()) write_unsynced(folder / "ck/Emotion" / below / (stem + "_emotion.txt"), emotion);
  };
  sequence("S1", "happy", "   5.0000000e+00\n");
  sequence("S2", "sad", "   6.0000000e+00\n");
  sequence("S3", "angry", "");
  ASSERT_EQ(evaluate("W.safetensors", "folder:set", "all.csv").status, 0);
  const Outcome outcome = evaluate("W.safetensors", "ckplus:ck", "ck.csv");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, HasSubstr("1 of 3 images have no label and are left out"));
  EXPECT_THAT(outcome.errors, HasSubstr("happy is 1, sadness is 2"));
  const Csv csv = read_csv(folder / "ck.csv");
  ASSERT_EQ(csv.rows.size(), 2u);
  const auto all = rows("all.csv");
  EXPECT_EQ(std::vector(csv.rows[0].begin() + 1, csv.rows[0].end()), all.at("happy0.png"));
  EXPECT_EQ(std::vector(csv.rows[1].begin() + 1, csv.rows[1].end()), all.at("sad0.png"));
  expect_refused(explain("ckplus:ck", "true", "R.npy"), {"ckplus:ck", "1 of its 3 images", "--target predicted"});
  EXPECT_EQ(explain("ckplus:ck", "predicted", "R.npy").status, 0);
  expect_refused(run({"evaluate", "--weights", "W.safetensors", "--data", "ckplus:ck", "--part", "train"}),
                 {"ckplus:ck", "'train'", "test (3 images)"});
  const Outcome fewer = evaluate("W.safetensors", "ckplus:ck", "ck.csv", {"--drop-classes", "sadness"});
  EXPECT_EQ(fewer.status, 0) << fewer.errors;
  EXPECT_EQ(read_csv(folder / "ck.csv").rows.size(), 1u);
}

// Pictures directly in a folder have no labels.
TEST_F(ClassNames, UnlabelledPicturesArePredictedAndExplained) {
  pictures("plain", "happy");
  const Outcome predicted = run({"predict", "--weights", "W.safetensors", "--data", "folder:plain", "--crop", "none",
                                 "--logits", "z.npy", "--ids", "ids.csv"});
  EXPECT_EQ(predicted.status, 0) << predicted.errors;
  EXPECT_EQ(read_csv(folder / "ids.csv").rows[0], (std::vector<std::string>{"happy0.png", "-1"}));
  EXPECT_THAT(predicted.errors, HasSubstr("3 of 3 images have no label"));
  EXPECT_EQ(explain("folder:plain", "predicted", "R.npy").status, 0);
  expect_refused(explain("folder:plain", "true", "R.npy"), {"folder:plain", "--target predicted"});
  expect_refused(evaluate("W.safetensors", "folder:plain", "p.csv"), {"folder:plain", "no label"});
  expect_refused(train("folder:plain", "m", {}), {"folder:plain", "'train'", "test (3 images)"});
  pictures("inner/unknown", "happy");
  EXPECT_EQ(
      run({"predict", "--weights", "W.safetensors", "--data", "folder:inner", "--part", "all", "--logits", "z.npy"})
          .status,
      0);
  expect_refused(train("folder:inner", "m", {}), {"folder:inner", "unknown", "two classes"});
}

}  // namespace
}  // namespace palimpsest
