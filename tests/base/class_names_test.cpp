#include "base/class_names.h"

#include "tests/support/expect_error.h"
#include "tests/support/temp_folder.h"

namespace palimpsest {
namespace {

using Names = std::vector<std::string>;

TEST(ClassNames, AreMatchedIgnoringCaseAndBlanks) {
  const ClassMap map = match_classes({"SAD", " Happy ", "ÄRGER", "wolf"}, {"happy", "ärger", "sad"}, "data");
  EXPECT_EQ(map.to, (std::vector{2, 0, 1, -1}));
  EXPECT_TRUE(map.other_name.empty()) << "case is not another name";
  EXPECT_EQ(find_class("Sad", {"happy", "sad"}, "data"), 1);
  EXPECT_EQ(find_class("sadly", {"happy", "sad"}, "data"), -1);
}

// macOS writes the accents of file names as separate characters.
TEST(ClassNames, AnAccentMayBeACharacterOfItsOwn) {
  EXPECT_EQ(find_class("CAFE\u0301", {"tea", "caf\u00E9"}, "data"), 1);
  expect_error("differ at most in case", [] { require_distinct_names({"e\u0301", "\u00E9"}, "data"); });
}

// As they come back from weights, whose header is UTF-8.
TEST(ClassNames, NamesThatAreNotUtf8AreFoundAgain) {
  EXPECT_EQ(find_class("C\xE4t", {"dog", "c\xE4t"}, "data"), 1);
  EXPECT_EQ(find_class("c\xE4t", {"dog", "c\xEF\xBF\xBDt"}, "weights"), 1);
  expect_error("'c\xE4t' and 'c\xE5t'", [] { require_distinct_names({"c\xE4t", "c\xE5t"}, "data"); });
}

TEST(ClassNames, OneEmotionHasSeveralNames) {
  const Names ours{"neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"};
  const ClassMap map = match_classes(
      {"Angry", "Disgusted", "Fearful", "Happiness", "Sadness", "Surprised", "neutral", "contempt"}, ours, "data");
  EXPECT_EQ(map.to, (std::vector{6, 5, 4, 1, 2, 3, 0, 7}));
  EXPECT_EQ(other_names_text(map),
            "Angry is matched to anger, Disgusted to disgust, Fearful to fear, Happiness to happy, Sadness to sad, "
            "Surprised to surprise");
  EXPECT_EQ(find_class("pain", {"no pain", "happy"}, "data"), -1) << "nothing else is guessed";
}

TEST(ClassNames, AnEqualNameCountsBeforeAnotherOne) {
  EXPECT_EQ(match_classes({"happiness", "happy"}, {"happy", "happiness"}, "data").to, (std::vector{1, 0}));
  expect_error("'joy' could be 'happy' or 'happiness'", [] { match_classes({"joy"}, {"happy", "happiness"}, "data"); });
  expect_error("'joy' and 'happy' would both be the class 'happy'",
               [] { match_classes({"joy", "happy"}, {"happy", "sad"}, "data"); });
}

TEST(ClassNames, IdentityIsTheWholeListInOrder) {
  EXPECT_TRUE(match_classes({"a", "b"}, {"A", "B"}, "data").identity(2));
  EXPECT_FALSE(match_classes({"a", "b"}, {"a", "b", "c"}, "data").identity(3));
  EXPECT_FALSE(match_classes({"b", "a"}, {"a", "b"}, "data").identity(2));
}

TEST(ClassNames, AFileOfNamesIsText) {
  const TempFolder folder;
  const auto refused = [&](const std::string& why, std::string_view bytes) {
    write_unsynced(folder / "names.txt", bytes);
    expect_error(why, [&] { class_names_from({"@" + (folder / "names.txt").string()}, "--class-names"); });
  };
  refused("names.txt contains no names", "");
  refused("names.txt contains no names", " \n\r\n");
  refused("names.txt is ", std::string_view("\xFF\xFE"
                                            "a\0\n\0",
                                            6));
  refused("but a text file is needed", "\x89PNG\r\n\x1a\n and more");
}

TEST(ClassNames, ComeFromAListOrAFile) {
  const TempFolder folder;
  EXPECT_EQ(class_names_from({"a", " b c ", "d"}, "--class-names"), (Names{"a", "b c", "d"}));
  write_unsynced(folder / "names.txt", "\xEF\xBB\xBFhappy\r\n\r\n sad \nfear");
  EXPECT_EQ(class_names_from({"@" + (folder / "names.txt").string()}, "--class-names"),
            (Names{"happy", "sad", "fear"}));
  expect_error("names.txt", [&] { class_names_from({"@" + (folder / "no/names.txt").string()}, "--class-names"); });
  expect_error("--class-names has an empty name", [] { class_names_from({"a", " "}, "--class-names"); });
  expect_error("'a' and 'A'", [] { class_names_from({"a", "A"}, "--class-names"); });
  write_unsynced(folder / "row.txt", "a,b\n");
  expect_error("'a,b' contains a comma",
               [&] { class_names_from({"@" + (folder / "row.txt").string()}, "--class-names"); });
}

}  // namespace
}  // namespace palimpsest
