#include "data/splits.h"

#include <algorithm>
#include <set>

#include "tests/data/scratch.h"

namespace palimpsest::data {
namespace {

// Samples with the given labels; nothing on disk.
Dataset labelled(const std::vector<std::string>& classes, const std::vector<int>& counts) {
  Dataset set;
  set.name = "affectnet:set";
  set.classes = classes;
  for (std::size_t c = 0; c < counts.size(); ++c)
    for (int i = 0; i < counts[c]; ++i) {
      Sample sample;
      sample.id = fmt::format("{}/{}", c, i);
      sample.label = int(c);
      set.samples.push_back(sample);
    }
  return set;
}

const std::vector<std::string> eleven{"neutral", "happy",    "sad",  "surprise",  "fear",    "disgust",
                                      "anger",   "contempt", "none", "uncertain", "non-face"};

std::set<std::string> ids(const Dataset& set) {
  std::set<std::string> result;
  for (const auto& sample : set.samples) result.insert(sample.id);
  return result;
}

TEST(SelectEmotions, KeepsEightClassesAndCutsAFloorOfFivePercent) {
  const ListedSets sets{labelled(eleven, {30, 40, 20, 10, 8, 6, 10, 3, 50, 20, 70}),
                        labelled(eleven, std::vector<int>(11, 5))};
  const auto selected = select_emotions(sets, {}, 7);
  const auto& parts = selected.parts;
  EXPECT_EQ(parts.train.classes.size(), 8U);
  EXPECT_EQ(parts.validation.samples.size(), 6U) << "floor(.05 * 127)";
  EXPECT_EQ(parts.train.samples.size(), 121U);
  EXPECT_EQ(parts.test.samples.size(), 40U);
  const auto train = ids(parts.train), validation = ids(parts.validation);
  for (const auto& id : validation) EXPECT_FALSE(train.contains(id));
  ASSERT_EQ(selected.warnings.size(), 1U);
  EXPECT_THAT(selected.warnings[0], testing::HasSubstr("155 images of other classes")) << "none, uncertain, non-face";
  EXPECT_EQ(ids(select_emotions(sets, {}, 7).parts.validation), validation);
  EXPECT_NE(ids(select_emotions(sets, {}, 8).parts.validation), validation);
}

TEST(SelectEmotions, ThePapersNumbersComeOut) {
  const ListedSets sets{labelled(eleven, {74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750, 10, 10, 10}),
                        labelled(eleven, std::vector<int>(11, 500))};
  const auto parts = select_emotions(sets, {}, 0).parts;
  EXPECT_EQ(parts.train.samples.size(), 273269U);
  EXPECT_EQ(parts.validation.samples.size(), 14382U);
  EXPECT_EQ(parts.test.samples.size(), 4000U);
}

TEST(SelectEmotions, DroppedClassesAreRenumbered) {
  const ListedSets sets{labelled(eleven, std::vector<int>(11, 4)), labelled(eleven, std::vector<int>(11, 1))};
  EmotionSelection selection;
  selection.drop_classes = {"contempt", "Surprised"};  // another name of the same emotion
  const auto selected = select_emotions(sets, selection, 0);
  EXPECT_EQ(selected.parts.test.classes,
            (std::vector<std::string>{"neutral", "happy", "sad", "fear", "disgust", "anger"}));
  EXPECT_EQ(selected.parts.test.samples.at(3).id, "4/0") << "fear is class 3 now";
  EXPECT_EQ(selected.parts.test.samples.at(3).label, 3);
  EXPECT_EQ(selected.choices.at(0).second, "neutral,happy,sad,fear,disgust,anger");
}

TEST(SelectEmotions, UnknownClassesAreErrors) {
  const ListedSets sets{labelled(eleven, {4, 4, 4, 4, 4, 0, 4, 4}), labelled(eleven, std::vector<int>(11, 1))};
  EmotionSelection selection;
  selection.drop_classes = {"disgust", "boredom"};
  expect_error_with({"'boredom'", "neutral, happy"}, [&] { select_emotions(sets, selection, 0); });
  selection.drop_classes = {"disgust"};
  selection.validation_share = 1;
  expect_error_with({"validation share"}, [&] { select_emotions(sets, selection, 0); });
  selection.classes = {"disgust"};
  selection.validation_share = 0;
  expect_error_with({"none of the classes", "remains"}, [&] { select_emotions(sets, selection, 0); });
}

// A list of a few classes can be scored; callers that need all of them must request it.
TEST(SelectEmotions, APartMayLackAClass) {
  const ListedSets sets{labelled(eleven, std::vector<int>(11, 4)), labelled(eleven, {1, 1, 1, 1, 0, 1, 1, 1})};
  const Selected selected = select_emotions(sets, {}, 0);
  EXPECT_EQ(selected.parts.test.samples.size(), 7U);
  expect_error_with({"test part", "fear", "--drop-classes fear"},
                    [&] { require_every_class(selected.parts.test, "test part"); });
  EXPECT_NO_THROW(require_every_class(selected.parts.train, "training part"));
  ASSERT_EQ(selected.warnings.size(), 1U) << "none, uncertain and non-face";
  EXPECT_THAT(selected.warnings[0], testing::HasSubstr("12 images of other classes"));
}

TEST(SelectEmotions, DroppingAClassMovesNoPictureBetweenParts) {
  const ListedSets sets{labelled(eleven, std::vector<int>(11, 40)), labelled(eleven, std::vector<int>(11, 1))};
  EmotionSelection selection;
  selection.validation_share = 0.5;
  const auto validation_ids = [&] {
    std::set<std::string> ids;
    for (const Sample& sample : select_emotions(sets, selection, 0).parts.validation.samples)
      if (!sample.id.starts_with("4/")) ids.insert(sample.id);
    return ids;
  };
  const auto whole = validation_ids();
  selection.drop_classes = {"fear", "afraid"};
  EXPECT_EQ(validation_ids(), whole);
}

// A shell expands it only at the start of a word.
TEST(Folders, TheTestShareIsOfEachClassAndOfNoneByDefault) {
  const Splits parts = cut_test(labelled({"a", "b", "c"}, {50, 12, 1}), 0.2, 7);
  EXPECT_EQ(class_counts(parts.test), (std::vector<std::int64_t>{10, 2, 0}));
  EXPECT_EQ(class_counts(parts.train), (std::vector<std::int64_t>{40, 10, 1}));
  const auto ids = [](const Splits& cut) {
    std::set<std::string> found;
    for (const Sample& sample : cut.test.samples) found.insert(sample.id);
    return found;
  };
  EXPECT_EQ(ids(parts).size(), 12u);
  EXPECT_EQ(ids(parts), ids(cut_test(labelled({"a", "b", "c"}, {50, 12, 1}), 0.2, 7)));
  EXPECT_NE(ids(parts), ids(cut_test(labelled({"a", "b", "c"}, {50, 12, 1}), 0.2, 8)));
  EXPECT_TRUE(cut_test(labelled({"a"}, {50}), 0, 7).test.samples.empty());
}

TEST(Source, TheHomeFolderIsExpanded) {
  const Scratch scratch;
  scratch.file("faces/y.npy", "");
  const std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
  ::setenv("HOME", scratch.path().c_str(), 1);
  EXPECT_EQ(parse_source("folder:~/faces").path, scratch / "faces");
  EXPECT_EQ(parse_source("folder:~/faces").text, "folder:~/faces") << "as given";
  EXPECT_EQ(parse_source("folder:~").path, scratch.path());
  EXPECT_EQ(parse_source("arrays:x.npy,~/faces/y.npy").labels, scratch / "faces/y.npy");
  EXPECT_EQ(parse_source("folder:~other/faces").path, "~other/faces");
  EXPECT_EQ(parse_source("folder:a/~/b").path, "a/~/b");
  expect_error_with({"'~/nowhere'", scratch.path().string()}, [] { parse_source("folder:~/nowhere"); });
  ::unsetenv("HOME");
  expect_error_with({"~", "HOME"}, [] { parse_source("folder:~/faces"); });
  if (!home.empty()) ::setenv("HOME", home.c_str(), 1);
}

TEST(Source, NamesAreParsed) {
  EXPECT_EQ(parse_source("affectnet:some/dir").path, "some/dir");
  EXPECT_EQ(parse_source("affectnet8:x").scheme, Scheme::affectnet8);
  EXPECT_EQ(parse_source("unbc:a,b:c").path, "a,b:c");
  const auto arrays = parse_source("arrays:x.npy,y.npy");
  EXPECT_EQ(arrays.path, "x.npy");
  EXPECT_EQ(arrays.labels, "y.npy");
  EXPECT_EQ(scheme_name(arrays.scheme), "arrays");
  EXPECT_TRUE(parse_source("arrays:x.npy").labels.empty());
  for (const char* const known :
       {"affectnet:DIR", "affectnet8:DIR", "unbc:DIR", "ckplus:DIR", "folder:DIR", "arrays:X.npy[,Y.npy]"})
    expect_error_with({"'fer2013'", known}, [] { parse_source("fer2013:dir"); });
  expect_error_with({"some/dir", "kind"}, [] { parse_source("some/dir"); });
  expect_error_with({"names no folder"}, [] { parse_source("unbc:"); });
  expect_error_with({"names no file"}, [] { parse_source("arrays:,y.npy"); });
  expect_error_with({"after the comma"}, [] { parse_source("arrays:x.npy,"); });
}

}  // namespace
}  // namespace palimpsest::data
