#include "data/readers.h"
#include "tests/data/sets.h"
#include "tests/support/remarks.h"

namespace palimpsest::data {
namespace {

std::string points(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("   {:.7e}   {:.7e}\n", 10.0 + i, 20.0 + i);
  return text;
}

// Two participants, three frames each, as on the original discs.
struct Unbc : testing::Test {
  Unbc() {
    for (const std::string who : {"042-ll042", "043-jh043"})
      for (const int frame : {16, 17, 18}) add(who, frame, frame == 17 ? "  3.0000000e+00\n" : "   0.0000000e+00\n");
  }
  static std::string place(const std::string& who, int frame) {
    const std::string sequence = who.substr(4) + "t1aaaff";
    return fmt::format("{}/{}/{}{:03}", who, sequence, sequence, frame);
  }
  void add(const std::string& who, int frame, const std::string& pspi) {
    const std::string name = place(who, frame);
    set.file(images + name + ".png", picture_bytes());
    set.file(labels + "PSPI/" + name + "_facs.txt", pspi);
    set.file(
        labels + "FACS/" + name + "_facs.txt",
        frame == 17 ? "  4.0000000e+00   2.0000000e+00   1.0000000e+00   5.0000000e+00\n43\t1\t0\t0\n7 9 1 1\n" : "");
    set.file("AAM_landmarks/" + name + "_aam.txt", points(66));
  }
  Scratch set;
  std::string images = "Images/", labels = "Frame_Labels/";
};

TEST_F(Unbc, ReadsFramesWithTheirPainAndActionUnits) {
  const auto read = read_unbc(set.path());
  ASSERT_EQ(read.samples.size(), 6U);
  EXPECT_EQ(read.classes, (std::vector<std::string>{"no pain", "pain"}));
  EXPECT_EQ(class_counts(read), (std::vector<std::int64_t>{4, 2}));
  const Sample& pain = read.samples[1];
  EXPECT_EQ(pain.id, "042-ll042/ll042t1aaaff/ll042t1aaaff017.png");
  EXPECT_EQ(pain.subject, "042-ll042");
  EXPECT_EQ(pain.sequence, "ll042t1aaaff");
  EXPECT_EQ(pain.frame, 17);
  EXPECT_EQ(pain.label, 1);
  ASSERT_EQ(pain.action_units.size(), 2U) << "intensity 9 is invalid";
  EXPECT_EQ(pain.action_units[0].number, 4);
  EXPECT_EQ(pain.action_units[0].intensity, 2);
  EXPECT_EQ(pain.action_units[1].number, 43);
  EXPECT_EQ(pain.landmarks.size(), 66U);
  EXPECT_TRUE(read.samples[0].action_units.empty()) << "an empty FACS file means no action unit";
  EXPECT_EQ(class_counts(read_unbc(set.path(), 3))[1], 0) << "PSPI 3 is not above 3";
}

TEST_F(Unbc, SkipsFramesThatLackSomethingAndListsThem) {
  set.file("Images/042-ll042/ll042t1aaaff/Thumbs.db", "x");
  set.file("Images/042-ll042/ll042t1aaaff/cover.png", picture_bytes());
  fs::remove(set / ("Frame_Labels/PSPI/" + place("042-ll042", 16) + "_facs.txt"));
  set.file("Frame_Labels/PSPI/" + place("042-ll042", 18) + "_facs.txt", "pain");
  fs::remove(set / ("Images/" + place("043-jh043", 16) + ".png"));
  set.file("Frame_Labels/PSPI/" + place("043-jh043", 18) + "_facs.txt", "17");
  set.file("AAM_landmarks/" + place("042-ll042", 17) + "_aam.txt", points(65));
  const auto read = read_unbc(set.path());
  EXPECT_EQ(read.samples.size(), 2U);
  EXPECT_TRUE(read.samples[0].landmarks.empty());
  EXPECT_EQ(read.skipped.size(), 5U);
  EXPECT_TRUE(lists(read, "042-ll042/ll042t1aaaff/cover.png", "frame number"));
  EXPECT_TRUE(lists(read, place("042-ll042", 16) + ".png", "PSPI label is missing"));
  EXPECT_TRUE(lists(read, place("042-ll042", 18) + ".png", "not a number"));
  EXPECT_TRUE(lists(read, place("043-jh043", 16) + ".png", "picture is missing"));
  EXPECT_TRUE(lists(read, place("043-jh043", 18) + ".png", "PSPI 17"));
}

TEST_F(Unbc, PicturesThatAreNotReadAndSequencesWithoutPicturesAreListed) {
  const std::string frame = "042-ll042/ll042t1aaaff/ll042t1aaaff016";
  fs::rename(set / ("Images/" + frame + ".png"), set / ("Images/" + frame + ".avif"));
  set.file("Images/042-ll042/ll042t1aaaff/ll042t1aaaff017.jpg", picture_bytes("rgb.jpg"));
  fs::remove_all(set / "Images/043-jh043");
  const auto read = read_unbc(set.path());
  EXPECT_EQ(read.samples.size(), 2U);
  EXPECT_EQ(read.skipped.size(), 5U);
  EXPECT_TRUE(lists(read, frame + ".avif", "it is a PNG picture"));
  EXPECT_TRUE(lists(read, "042-ll042/ll042t1aaaff/ll042t1aaaff017.png", "another picture of that frame"));
  EXPECT_TRUE(lists(read, place("043-jh043", 17) + ".png", "the picture is missing"));
}

TEST_F(Unbc, WhatIsNotUsedOfKeptFramesIsSaid) {
  set.file("AAM_landmarks/" + place("042-ll042", 16) + "_aam.txt", points(65));
  set.file("Frame_Labels/PSPI/" + place("042-ll042", 18) + "_facs.txt", "\xEF\xBB\xBF 2.0\r\n");
  set.file("Frame_Labels/PSPI/" + place("043-jh043", 18) + "_facs.txt", "1,5");
  Dataset read;
  const std::string remarks = remarks_of([&] { read = read_unbc(set.path()); });
  EXPECT_THAT(remarks, testing::HasSubstr(": 1 landmark files do not hold 66 points and are not used; the first is"));
  EXPECT_THAT(remarks, testing::HasSubstr(": 2 FACS files have rows that are not an action unit"));
  EXPECT_EQ(read.samples.at(2).label, 1) << "a byte-order mark is not a number";
  EXPECT_TRUE(lists(read, place("043-jh043", 18) + ".png", "holds '1,5', which is not a number"));
}

TEST(UnbcNested, TheCopyThatNestsItsFoldersReadsToo) {
  Scratch set;
  set.file("Images/Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png", picture_bytes());
  set.file("Frame_Labels/Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt", "1");
  const auto read = read_unbc(set.path());
  ASSERT_EQ(read.samples.size(), 1U);
  EXPECT_EQ(read.samples[0].id, "042-ll042/ll042t1aaaff/ll042t1aaaff001.png");
}

TEST(UnbcEmpty, IsNamed) {
  Scratch set;
  fs::create_directories(set / "Images");
  expect_error_with({"has no folder", "Frame_Labels/PSPI"}, [&] { read_unbc(set.path()); });
  fs::create_directories(set / "Frame_Labels/PSPI");
  expect_error_with({"no frame with a PSPI label"}, [&] { read_unbc(set.path()); });
}

struct CkPlus : testing::Test {
  CkPlus() {
    add("S005/001", 11, "   9.0000000e+00   4.0000000e+00\n   1.7000000e+01   0.0000000e+00\n", "   3.0000000e+00\n");
    add("S010/002", 14, "5 3\n", "");
  }
  void add(const std::string& sequence, int peak, const std::string& facs, const std::string& emotion) {
    std::string stem = fmt::format("{}_{:08}", sequence, peak);
    stem[4] = '_';
    set.file("cohn-kanade-images/" + sequence + "/" + stem.substr(0, 9) + "00000001.png", picture_bytes());
    set.file("cohn-kanade-images/" + sequence + "/" + stem + ".png", picture_bytes("grey.png"));
    set.file("cohn-kanade-images/" + sequence + "/.DS_Store", "x");
    set.file("FACS/" + sequence + "/" + stem + "_facs.txt", facs);
    set.file("Landmarks/" + sequence + "/" + stem + "_landmarks.txt", points(68));
    fs::create_directories(set / ("Emotion/" + sequence));
    if (!emotion.empty()) set.file("Emotion/" + sequence + "/" + stem + "_emotion.txt", emotion);
  }
  Scratch set;
};

TEST_F(CkPlus, ReadsThePeakFrameItsUnitsAndItsEmotion) {
  const auto read = read_ckplus(set.path());
  ASSERT_EQ(read.samples.size(), 2U);
  const Sample& first = read.samples[0];
  EXPECT_EQ(first.id, "S005/001/S005_001_00000011.png");
  EXPECT_EQ(first.subject, "S005");
  EXPECT_EQ(first.frame, 11);
  EXPECT_EQ(read.classes.at(std::size_t(first.label)), "disgust");
  ASSERT_EQ(first.action_units.size(), 2U);
  EXPECT_EQ(first.action_units[1].number, 17);
  EXPECT_EQ(first.action_units[1].intensity, 0);
  EXPECT_EQ(first.landmarks.size(), 68U);
  EXPECT_EQ(read.samples[1].label, -1) << "its Emotion folder is empty";
  EXPECT_EQ(action_unit_labels(read, 17), (std::vector<std::int64_t>{1, 0})) << "intensity 0 means present";
  EXPECT_EQ(action_units_in(read), (std::vector<int>{5, 9, 17}));
  EXPECT_EQ(subject_groups(read), (std::vector<std::int64_t>{0, 1}));
}

TEST_F(CkPlus, SkipsSequencesThatLackSomethingAndListsThem) {
  add("S011/001", 8, "4 1\n", "9\n");
  add("S011/002", 8, "4 1 7\n", "");
  add("S011/003", 8, "400 1\n", "");
  add("S011/004", 8, "4 1\n", "");
  fs::remove(set / "cohn-kanade-images/S011/004/S011_004_00000008.png");
  set.file("cohn-kanade-images/S011/005/S011_005_00000003.png", picture_bytes());
  const auto read = read_ckplus(set.path());
  EXPECT_EQ(read.samples.size(), 3U);
  EXPECT_EQ(read.samples[2].label, -1);
  EXPECT_TRUE(lists(read, "Emotion/S011/001", "0 to 7"));
  EXPECT_TRUE(lists(read, "S011/002/S011_002_00000008.png", "pairs"));
  EXPECT_TRUE(lists(read, "S011/003/S011_003_00000008.png", "action unit 400"));
  EXPECT_TRUE(lists(read, "S011/004/S011_004_00000008.png", "missing"));
  EXPECT_TRUE(lists(read, "S011/005", "no FACS file"));
}

TEST_F(CkPlus, WhatCannotBeMeantIsNotGuessed) {
  add("S011/001", 8, "4 1\n", "3.5\n");
  add("S011/002", 8, "4.5 1\n", "");
  add("S011/003", 8, "4 1\n", "");
  set.file("FACS/S011/003/S011_003_00000009_facs.txt", "5 1\n");
  add("S011/004", 8, "4 1\n", "");
  fs::rename(set / "cohn-kanade-images/S011/004/S011_004_00000008.png",
             set / "cohn-kanade-images/S011/004/S011_004_00000008.avif");
  add("S012/001", 8, "4 1\n", "");
  fs::remove_all(set / "cohn-kanade-images/S012");
  const auto read = read_ckplus(set.path());
  EXPECT_EQ(read.samples.size(), 3U);
  EXPECT_EQ(read.samples[2].label, -1);
  EXPECT_EQ(read.skipped.size(), 5U);
  EXPECT_TRUE(lists(read, "Emotion/S011/001", "0 to 7"));
  EXPECT_TRUE(lists(read, "S011/002/S011_002_00000008.png", "action unit 4.5"));
  EXPECT_TRUE(lists(read, "S011/003", "but a sequence has only one"));
  EXPECT_TRUE(lists(read, "S011/004/S011_004_00000008.avif", "it is a PNG picture"));
  EXPECT_TRUE(lists(read, "S012/001/S012_001_00000008.png", "missing"));
}

TEST(CkPlusEmpty, IsNamed) {
  Scratch set;
  expect_error_with({"cohn-kanade-images"}, [&] { read_ckplus(set.path()); });
  fs::create_directories(set / "cohn-kanade-images");
  fs::create_directories(set / "FACS");
  expect_error_with({"no sequence"}, [&] { read_ckplus(set.path()); });
}

}  // namespace
}  // namespace palimpsest::data
